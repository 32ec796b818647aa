package io.foregate.cli;

import io.foregate.backend.KvType;
import io.foregate.engine.Engine;
import io.foregate.engine.EngineOptions;
import io.foregate.schedule.Policy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench}: speed of prefill and decode, by the conventions of llama.cpp's llama-bench. */
@Command(
    name = "bench",
    description = "Time prefill and decode (llama-bench's conventions and output formats).",
    mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
  private final Shell shell;

  @Option(
      names = {"-m", "--model"},
      required = true,
      split = ",",
      paramLabel = "FILE",
      description = "Models, GGUF files; may be repeated.")
  private List<Path> models;

  @Option(
      names = {"-p", "--n-prompt"},
      split = ",",
      paramLabel = "N",
      description = "Time the prefill of N tokens; 0 for none. Default: 512.")
  private List<Integer> prompts = List.of(512);

  @Option(
      names = {"-n", "--n-gen"},
      split = ",",
      paramLabel = "N",
      description = "Time the decode of N tokens; 0 for none. Default: 128.")
  private List<Integer> generations = List.of(128);

  @Option(
      names = "-pg",
      paramLabel = "PP,TG",
      description = "Time the prefill of PP tokens and the decode of TG after it; repeatable.")
  private List<String> both = List.of();

  @Option(
      names = {"-r", "--repetitions"},
      paramLabel = "N",
      description = "Samples of each test. Default: ${DEFAULT-VALUE}.")
  private int repetitions = 5;

  @Option(
      names = {"-t", "--threads"},
      split = ",",
      paramLabel = "N",
      description = "Compute threads; a list times them all. Default: one per core.")
  private List<Integer> threads = List.of(0);

  @Option(
      names = "--kv-type",
      paramLabel = "TYPE",
      description = "Type of the KV cache: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private KvType kvType = KvType.F16;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "What computes: auto, cpu or tornado. Default: ${DEFAULT-VALUE}.")
  private String backend = "auto";

  @Option(
      names = "--policy",
      split = ",",
      paramLabel = "NAME",
      description = "Where experts are kept; a list times them all. Default: resident.")
  private List<String> policies = List.of("resident");

  @Mixin private ExpertFlags experts;

  @Option(
      names = "--warmup-seconds",
      paramLabel = "S",
      description =
          "Warm up by whole runs of the test, one at least, for this long: the JVM compiles as it "
              + "runs. Default: ${DEFAULT-VALUE}.")
  private double warmupSeconds = 2;

  @Option(names = "--no-warmup", description = "Do not warm up.")
  private boolean noWarmup;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "md, csv, json or jsonl. Default: ${DEFAULT-VALUE}.")
  private BenchFormat format = BenchFormat.MD;

  @Option(names = "--json", description = "The same as -o json.")
  private boolean json;

  BenchCommand(Shell shell) {
    this.shell = shell;
  }

  /** A model and a way in which it is timed. */
  private record Subject(Path model, EngineOptions setup) {}

  @Override
  public Integer call() {
    List<BenchTest> tests = tests();
    List<EngineOptions> setups = setups(tests);
    List<Subject> subjects =
        models.stream()
            .flatMap(model -> setups.stream().map(setup -> new Subject(model, setup)))
            .toList();
    requireOpen(subjects.subList(1, subjects.size()));
    long samples = (long) subjects.size() * tests.size() * repetitions;
    try (Engine first = open(subjects.getFirst());
        var output = BenchOutput.begin(shell.terminal(), format(), showsPolicy(setups));
        Progress progress = Progress.of(shell.terminal(), "bench", samples)) {
      for (int i = 0; i < subjects.size(); i++) {
        try (Engine engine = i == 0 ? first : open(subjects.get(i))) {
          run(engine, tests, output, progress);
        }
      }
    }
    return ExitCode.OK;
  }

  private BenchFormat format() {
    return json ? BenchFormat.JSON : format;
  }

  /** As llama-bench shows a parameter only where it is not the default. */
  private static boolean showsPolicy(List<EngineOptions> setups) {
    return setups.stream().anyMatch(setup -> !setup.experts().policy().equals(Policy.resident()));
  }

  /** All ways in which every model is timed. */
  private List<EngineOptions> setups(List<BenchTest> tests) {
    if (repetitions < 1) {
      throw new UsageException(
          "-r is " + repetitions + ", expected 1 or more", "llama-bench's default is 5.");
    }
    if (!(warmupSeconds >= 0 && warmupSeconds < Double.POSITIVE_INFINITY)) {
      throw new UsageException(
          "--warmup-seconds is " + warmupSeconds + ", expected 0 or more",
          "--no-warmup times cold code.");
    }
    int context = tests.stream().mapToInt(BenchTest::tokens).max().orElseThrow();
    List<EngineOptions> setups = new ArrayList<>();
    for (int threadCount : threads) {
      Flags.requireNotNegative("--threads", threadCount);
      for (String policy : policies) {
        setups.add(
            new EngineOptions(
                threadCount, context, kvType, Flags.backend(backend), experts.options(policy)));
      }
    }
    return setups;
  }

  /**
   * Whoever waits for the last model's result should not learn then that there is no such file. The
   * first one is opened next anyway, and opening may mean to build a store of experts.
   */
  private void requireOpen(List<Subject> others) {
    for (Subject subject : others) {
      shell.cancellation().check();
      try (Engine engine = open(subject)) {
        engine.newSession().close();
      }
    }
  }

  private Engine open(Subject subject) {
    try (var loading = new LoadProgress(shell.terminal())) {
      return Engine.open(subject.model(), subject.setup(), loading);
    }
  }

  private void run(Engine engine, List<BenchTest> tests, BenchOutput output, Progress progress) {
    var runner = new BenchRunner(engine, shell.cancellation());
    for (BenchTest test : tests) {
      if (!noWarmup) {
        runner.warmUp(test, warmupSeconds);
      }
      long[] samples = runner.samples(test, repetitions, () -> progress.step(1));
      output.result(BenchResult.of(engine, test, samples));
    }
  }

  private List<BenchTest> tests() {
    List<BenchTest> tests = new ArrayList<>();
    prompts.stream().filter(n -> n != 0).forEach(n -> tests.add(new BenchTest(n, 0)));
    generations.stream().filter(n -> n != 0).forEach(n -> tests.add(new BenchTest(0, n)));
    both.forEach(text -> tests.add(BenchTest.parse(text)));
    if (tests.isEmpty()) {
      throw new UsageException("there is nothing to time", "Try -p 512 -n 128.");
    }
    for (BenchTest test : tests) {
      if (test.prompt() < 0 || test.generated() < 0) {
        throw new UsageException(
            "a test of %d and %d tokens".formatted(test.prompt(), test.generated()),
            "Counts of tokens are positive.");
      }
    }
    return tests;
  }
}

package io.foregate.cli;

import io.foregate.cli.flag.BackendFlag;
import io.foregate.cli.flag.ExpertFlags;
import io.foregate.cli.output.BenchFormat;
import io.foregate.cli.output.BenchOutput;
import io.foregate.cli.terminal.ExitCode;
import io.foregate.cli.terminal.LoadProgress;
import io.foregate.cli.terminal.Shell;
import io.foregate.cli.terminal.ShellListener;
import io.foregate.cli.terminal.UsageException;
import io.foregate.engine.Engine;
import io.foregate.evaluate.SpeedResult;
import io.foregate.evaluate.SpeedRunner;
import io.foregate.evaluate.Workload;
import io.foregate.options.BackendName;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.options.PolicyName;
import io.foregate.work.WorkListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench}: speed of prefill and decode, by the conventions of llama.cpp's llama-bench. */
@Command(
    name = "bench",
    description = "Time prefill and decode (llama-bench's conventions and output formats).",
    mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
  private static final Pattern PAIR = Pattern.compile("(\\d{1,9}),(\\d{1,9})");

  private static final int PROMPT = 512;
  private static final int GENERATED = 128;

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
      description = "Time the prefill of N tokens; 0 for none. Default: " + PROMPT + ".")
  private List<Integer> prompts = List.of(PROMPT);

  @Option(
      names = {"-n", "--n-gen"},
      split = ",",
      paramLabel = "N",
      description = "Time the decode of N tokens; 0 for none. Default: " + GENERATED + ".")
  private List<Integer> generations = List.of(GENERATED);

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
  private List<Integer> threads = List.of(ModelOptions.defaults().threads());

  @Option(
      names = "--kv-type",
      split = ",",
      paramLabel = "TYPE",
      description =
          "Type of the KV cache: ${COMPLETION-CANDIDATES}; a list times them all. Default: F16.")
  private List<KvType> kvTypes = List.of(ModelOptions.defaults().kvType());

  @Option(
      names = "--backend",
      split = ",",
      paramLabel = "NAME",
      description = "What computes: auto, cpu or tornado; a list times them all. Default: auto.")
  private List<String> backends = List.of(ModelOptions.defaults().backend().text());

  @Option(
      names = "--policy",
      split = ",",
      paramLabel = "NAME",
      description = "Where experts are kept; a list times them all. Default: resident.")
  private List<String> policies = List.of(ModelOptions.defaults().offloading().policy().text());

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
  private record Subject(Path model, ModelOptions setup) {}

  @Override
  public Integer call() {
    experts.requireTargets();
    List<Workload> tests = tests();
    List<ModelOptions> setups = setups(tests);
    List<Subject> subjects =
        models.stream()
            .flatMap(model -> setups.stream().map(setup -> new Subject(model, setup)))
            .toList();
    requireOpen(subjects.subList(1, subjects.size()));
    long samples = (long) subjects.size() * tests.size() * repetitions;
    try (Engine first = open(subjects.getFirst());
        var output = BenchOutput.begin(shell.terminal(), format(), showsPolicy(setups));
        var progress = new ShellListener(shell)) {
      progress.begin("bench", samples, "samples");
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
  private static boolean showsPolicy(List<ModelOptions> setups) {
    return setups.stream().anyMatch(setup -> !isResident(setup.offloading()));
  }

  /** All ways in which every model is timed. */
  private List<ModelOptions> setups(List<Workload> tests) {
    int context = tests.stream().mapToInt(Workload::tokens).max().orElseThrow();
    List<ModelOptions> setups = new ArrayList<>();
    List<Offloading> experts = experts();
    for (BackendName backend : backends.stream().map(BackendFlag::named).toList()) {
      for (int threadCount : threads) {
        for (KvType kvType : kvTypes) {
          experts.forEach(
              e -> setups.add(new ModelOptions(threadCount, context, kvType, backend, e)));
        }
      }
    }
    return setups;
  }

  /** All ways in which experts move; where they never do, one is enough. */
  private List<Offloading> experts() {
    return policies.stream()
        .map(experts::all)
        .flatMap(all -> (isResident(all.getFirst()) ? all.subList(0, 1) : all).stream())
        .toList();
  }

  private static boolean isResident(Offloading experts) {
    return experts.policy().equals(PolicyName.RESIDENT);
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

  private void run(Engine engine, List<Workload> tests, BenchOutput output, WorkListener progress) {
    var runner = new SpeedRunner(engine, progress);
    for (Workload test : tests) {
      if (!noWarmup) {
        runner.warmUp(test, warmupSeconds);
      }
      long[] samples = runner.samples(test, repetitions);
      output.result(SpeedResult.of(engine, test, samples));
    }
  }

  /** Reads {@code 512,128}. */
  private static Workload workload(String text) {
    Matcher matcher = PAIR.matcher(text.strip());
    if (!matcher.matches()) {
      throw new UsageException("-pg is '" + text + "', expected two counts", "Try -pg 512,128.");
    }
    return new Workload(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  private List<Workload> tests() {
    List<Workload> tests = new ArrayList<>();
    prompts.stream().filter(n -> n != 0).forEach(n -> tests.add(new Workload(n, 0)));
    generations.stream().filter(n -> n != 0).forEach(n -> tests.add(new Workload(0, n)));
    both.forEach(text -> tests.add(workload(text)));
    if (tests.isEmpty()) {
      throw new UsageException("there is nothing to time", "Try -p 512 -n 128.");
    }
    return tests;
  }
}

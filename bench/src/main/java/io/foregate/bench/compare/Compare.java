package io.foregate.bench.compare;

import io.foregate.bench.measure.Allocation;
import io.foregate.bench.measure.ReadLoop;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultJson;
import io.foregate.bench.measure.TimedFeed;
import io.foregate.bench.measure.TokenBytes;
import io.foregate.engine.Engine;
import io.foregate.engine.Machine;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufTensor;
import io.foregate.model.ModelConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The program of {@code scripts/bench-compare}. */
@Command(
    name = "bench-compare",
    description = "Time Foregate and llama.cpp side by side and write a report.",
    mixinStandardHelpOptions = true)
final class Compare implements Callable<Integer> {
  @Parameters(
      arity = "1",
      paramLabel = "MODEL",
      description =
          "A GGUF file, or one of random weights: synthetic:TYPE, a Mixtral of 0.4 billion; "
              + "mixtral:TYPE, two layers of Mixtral 8x7B; fine:TYPE, five of Qwen3-30B-A3B.")
  private String model;

  @Option(names = "--llama-cpp", required = true, description = "Folder of its shared libraries.")
  private Path llamaCpp;

  @Option(names = "--commit", required = true, description = "Of the sources that are measured.")
  private String commit;

  @Option(names = "--out", required = true, description = "Folder of the report.")
  private Path out;

  @Option(names = "--work", required = true, description = "Folder for synthetic models.")
  private Path work;

  @Option(
      names = {"-p", "--n-prompt"},
      description = "Tokens of the prefill, 0 for none. Default: 512.")
  private int prompt = 512;

  @Option(
      names = {"-n", "--n-gen"},
      description = "Tokens of the decode, 0 for none. Default: 128.")
  private int generated = 128;

  @Option(
      names = {"-d", "--n-depth"},
      split = ",",
      description = "Tokens of context before prefill and decode. Default: 0.")
  private List<Integer> depths = List.of(0);

  @Option(
      names = {"-r", "--repetitions"},
      description = "Pairs of samples. Default: 7.")
  private int repetitions = 7;

  @Option(
      names = {"-t", "--threads"},
      description = "Of each. Default: one per core.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--warmup-seconds", description = "Per engine and test. Default: 10.")
  private double warmUpSeconds = 10;

  private Compare() {}

  /** Runs one comparison. */
  public static void main(String[] args) {
    System.exit(run(new Compare(), args));
  }

  /** Runs a program; of what its user can mend it tells a sentence, and how. */
  static int run(Callable<Integer> program, String[] args) {
    return new CommandLine(program)
        .setExecutionExceptionHandler(
            (failure, line, parsed) -> {
              if (failure instanceof ForegateException known) {
                line.getErr().println(known.getMessage() + "\nhint: " + known.hint());
                return 1;
              }
              throw failure;
            })
        .execute(args);
  }

  @Override
  public Integer call() throws IOException {
    try (ComparisonFile file = ComparisonFile.of(model, work)) {
      compare(file.path());
    }
    return 0;
  }

  private void compare(Path file) throws IOException {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    List<TimedFeed> workloads = workloads();
    int capacity = workloads.stream().mapToInt(TimedFeed::end).max().orElseThrow();
    try (var ours = new TimedForegate(file, threads, capacity);
        var theirs = new LlamaCpp(llamaCpp, file, threads, capacity);
        var memory = new ReadLoop(threads)) {
      ModelConfig config = ours.engine().config();
      var bytes = TokenBytes.of(ours.engine().file().tensors(), config, ours.kvBytes() / capacity);
      var pace = PairedRun.Pace.of(warmUpSeconds, repetitions);
      var pairs = new PairedRun(ours, theirs, config.vocabulary(), pace, memory, bytes);
      List<Report.Result> results = new ArrayList<>();
      for (TimedFeed workload : workloads) {
        results.add(pairs.run(workload));
      }
      write(report(ours, theirs, load, results));
    }
  }

  /** By depth, so that each context is the beginning of the next one. */
  private List<TimedFeed> workloads() {
    List<TimedFeed> workloads = new ArrayList<>();
    for (int depth : depths.stream().sorted().distinct().toList()) {
      if (prompt > 0) {
        workloads.add(TimedFeed.prefill(prompt, depth));
      }
      if (generated > 0) {
        workloads.add(TimedFeed.decode(generated, depth));
      }
    }
    return workloads;
  }

  private Report report(
      TimedForegate ours, LlamaCpp theirs, double load, List<Report.Result> results)
      throws IOException {
    Engine engine = ours.engine();
    return new Report(
        Report.SCHEMA,
        "llama.cpp side by side",
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        commit,
        Machine.here(),
        load,
        EngineVersions.of(llamaCpp, theirs),
        new Report.ComparedModel(
            engine.file().path().getFileName().toString(),
            engine.config().name(),
            sha256(engine.file().path()),
            engine.file().fileSize(),
            engine.file().tensors().stream().mapToLong(GgufTensor::elements).sum()),
        new Report.RunSettings(
            threads, repetitions, warmUpSeconds, engine.options().kvType().toString()),
        engine.options().offloading().policy().text(),
        null,
        new Report.MemoryFigures(
            Runtime.getRuntime().maxMemory(),
            Allocation.peakHeapBytes(),
            ours.kvBytes(),
            engine.file().fileSize()),
        results);
  }

  private void write(Report report) throws IOException {
    String name = report.stem() + ".json";
    Files.writeString(Files.createDirectories(out).resolve(name), ResultJson.of(report) + "\n");
    String markdown = ReportMarkdown.of(report, name);
    Files.writeString(out.resolve(name.replace(".json", ".md")), markdown);
    var console = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    console.print(markdown);
    console.flush();
  }

  static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (var in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

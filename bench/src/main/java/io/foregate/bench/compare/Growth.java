package io.foregate.bench.compare;

import io.foregate.bench.compare.GrowthResult.GrowthSample;
import io.foregate.bench.compare.GrowthSweep.GrowthBase;
import io.foregate.bench.compare.GrowthSweep.GrowthPoint;
import io.foregate.bench.measure.ReadLoop;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.SyntheticModel;
import io.foregate.bench.measure.TokenBytes;
import io.foregate.engine.Machine;
import io.foregate.gguf.GgmlType;
import io.foregate.model.ModelConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The program of {@code scripts/bench-growth}. */
@Command(
    name = "bench-growth",
    description = "Time Foregate and llama.cpp as one thing grows and all else stays.",
    mixinStandardHelpOptions = true)
final class Growth implements Callable<Integer> {
  /** Points of a sweep that is only tried out. */
  private static final int FEW = 2;

  @Parameters(
      arity = "0..*",
      paramLabel = "WHAT",
      description = "What grows: context, experts, top-k, threads, batch. Default: each of them.")
  private List<String> sweeps = Arrays.stream(GrowthSweep.values()).map(GrowthSweep::id).toList();

  @Option(names = "--llama-cpp", required = true, description = "Folder of its shared libraries.")
  private Path llamaCpp;

  @Option(names = "--commit", required = true, description = "Of the sources that are measured.")
  private String commit;

  @Option(names = "--out", required = true, description = "Folder of the results.")
  private Path out;

  @Option(names = "--work", required = true, description = "Folder for models.")
  private Path work;

  @Option(names = "--type", description = "Of the weights. Default: Q4_K.")
  private GgmlType type = GgmlType.Q4_K;

  @Option(
      names = {"-n", "--n-gen"},
      description = "Tokens of a decode. Default: 32.")
  private int generated = 32;

  @Option(
      names = {"-r", "--repetitions"},
      description = "Pairs of samples. Default: 5.")
  private int repetitions = 5;

  @Option(
      names = {"-t", "--threads"},
      description = "Of each, and the most. Default: one per core.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--warmup-seconds", description = "Per engine and point. Default: 3.")
  private double warmUpSeconds = 3;

  @Option(
      names = "--smoke",
      description = "Try out the program: two points of each on a small model, one pair.")
  private boolean smoke;

  private Growth() {}

  /** Measures the sweeps, one after the other. */
  public static void main(String[] args) {
    System.exit(Compare.run(new Growth(), args));
  }

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(out);
    Files.createDirectories(work);
    var console = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    for (GrowthSweep sweep : sweeps.stream().map(GrowthSweep::named).toList()) {
      measure(sweep, console).write(out);
      GrowthMarkdown.write(out);
    }
    return 0;
  }

  /** What one pair of engines measured. */
  private record Measured(List<GrowthSample> points, Report.Versions versions, String kvType) {}

  private GrowthResult measure(GrowthSweep sweep, PrintWriter console) throws IOException {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    SyntheticModel model = smoke ? SyntheticModel.small(type) : SyntheticModel.fine(type);
    List<GrowthPoint> points = sweep.points(new GrowthBase(model, threads, generated));
    List<GrowthPoint> measured = smoke ? points.subList(0, Math.min(FEW, points.size())) : points;
    List<GrowthSample> samples = new ArrayList<>();
    Measured last = null;
    for (List<GrowthPoint> same : sharing(measured)) {
      last = measure(same);
      samples.addAll(last.points());
      last.points().forEach(point -> tell(console, sweep, point));
    }
    return new GrowthResult(
        GrowthResult.SCHEMA,
        sweep.id(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        commit,
        Machine.here(),
        load,
        last.versions(),
        measured.getLast().model().name(),
        new Report.RunSettings(
            threads, pace().repetitions(), pace().warmUpSeconds(), last.kvType()),
        samples);
  }

  /** Points that the same engines can measure. */
  private static List<List<GrowthPoint>> sharing(List<GrowthPoint> points) {
    List<List<GrowthPoint>> groups = new ArrayList<>();
    for (GrowthPoint point : points) {
      GrowthPoint before = groups.isEmpty() ? null : groups.getLast().getLast();
      if (before == null
          || !before.model().equals(point.model())
          || before.threads() != point.threads()) {
        groups.add(new ArrayList<>());
      }
      groups.getLast().add(point);
    }
    return groups;
  }

  private Measured measure(List<GrowthPoint> points) throws IOException {
    SyntheticModel model = points.getFirst().model();
    int count = points.getFirst().threads();
    int capacity = points.stream().mapToInt(p -> p.workload().end()).max().orElseThrow();
    try (var file = ComparisonFile.written(model, work, "growth");
        var ours = new TimedForegate(file.path(), count, capacity);
        var theirs = new LlamaCpp(llamaCpp, file.path(), count, capacity);
        var memory = new ReadLoop(count)) {
      ModelConfig config = ours.engine().config();
      var bytes = TokenBytes.of(ours.engine().file().tensors(), config, ours.kvBytes() / capacity);
      var pairs = new PairedRun(ours, theirs, config.vocabulary(), pace(), memory, bytes);
      List<GrowthSample> samples = new ArrayList<>();
      for (GrowthPoint point : points) {
        samples.add(new GrowthSample(point.size(), pairs.run(point.workload())));
      }
      return new Measured(
          samples,
          EngineVersions.of(llamaCpp, theirs),
          ours.engine().options().kvType().toString());
    }
  }

  private PairedRun.Pace pace() {
    return smoke ? new PairedRun.Pace(0, 1, 1) : PairedRun.Pace.of(warmUpSeconds, repetitions);
  }

  private static void tell(PrintWriter console, GrowthSweep sweep, GrowthSample point) {
    console.println(
        String.format(
            Locale.ROOT,
            "%s %d: %.1f tok/s, llama.cpp %.1f",
            sweep.id(),
            point.size(),
            point.result().foregateTokensPerSecond(),
            point.result().llamaCppTokensPerSecond()));
  }
}

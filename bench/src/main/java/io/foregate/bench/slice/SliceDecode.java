package io.foregate.bench.slice;

import io.foregate.bench.measure.ReplayRun;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.Speedup;
import io.foregate.bench.measure.SyntheticModel;
import io.foregate.bench.measure.TraceRange;
import io.foregate.engine.experts.ExpertMovement;
import io.foregate.error.ForegateException;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gguf.GgmlType;
import io.foregate.options.Link;
import io.foregate.options.Offloading;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.SlotCount;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.sim.BeladyBound;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.ScheduleStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Decoding a slice of a large model on a device, policy by policy at one budget: generated weights,
 * and routing and gate scores replayed from a trace. One policy at a time is open, because each
 * holds the experts once more; the i-th samples of all policies are of the same tokens.
 */
@Command(
    name = "slice-decode",
    description = "Time policies on a device, with routing replayed from a trace.",
    mixinStandardHelpOptions = true)
final class SliceDecode implements Callable<Integer> {
  private static final String MEASUREMENT = "decoding a slice on a device, routing replayed";

  /** Numbers of experts that Mixtral-offloading prefetches: the better one counts. */
  private static final int MAX_PREFETCHED = 2;

  @Mixin private DeviceFlags flags;

  @Option(names = "--trace", required = true, description = "From 'foregate trace'.")
  private Path trace;

  @Option(names = "--type", description = "Of experts. Default: Q4_K.")
  private GgmlType type = GgmlType.Q4_K;

  @Option(names = "--slots", description = "Device memory for experts. Default: 50%%.")
  private String slots = "50%";

  @Option(names = "--policies", split = ",", description = "Default: all that are compared.")
  private List<String> policies =
      List.of("lru", "mixtral-offloading", "lookahead", "hybrid", "oracle");

  @Option(names = "--copy-engine", description = "As foregate takes it. Default: auto.")
  private String engine = Link.AUTO;

  @Option(
      names = {"-r", "--repetitions"},
      description = "Samples per policy. Default: 5.")
  private int repetitions = 5;

  @Option(
      names = {"-n", "--tokens"},
      description = "Per sample. Default: 16.")
  private int tokens = 16;

  @Option(names = "--warm-up", description = "Tokens before each sample. Default: 8.")
  private int warmUp = 8;

  @Option(names = "--timeline", description = "What lookahead did, in Chrome's trace format.")
  private Path timeline;

  private SliceDecode() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new SliceDecode()).execute(args));
  }

  /**
   * What one policy did.
   *
   * @param prefetchCount experts prefetched per layer, where that is a constant
   * @param nanos raw samples
   * @param shareOfBound its speed over the bound
   * @param overLru how much faster it is than {@code lru}
   */
  public record PolicyFigures(
      String policy,
      int prefetchCount,
      List<Long> nanos,
      double tokensPerSecond,
      double shareOfBound,
      Speedup overLru,
      List<ScheduleStatistics> statistics) {}

  /**
   * @param computeFrom what the time of computing alone was taken from
   * @param computeNanos per sample
   * @param copyShare copy time / (copy time + compute time) of {@code lru} with no overlap
   * @param linkGbps best rate of the copies of any sample
   * @param bound tokens per second: 1 / max(computing, copies of a clairvoyant cache)
   */
  record Found(
      String type,
      long expertBytes,
      int layers,
      int experts,
      int used,
      String budget,
      int slots,
      String computeFrom,
      double computeNanos,
      double copyShare,
      double linkGbps,
      double bound,
      List<PolicyFigures> policies) {}

  /** A policy's samples. */
  private record Run(Policy policy, List<ReplayRun.Sample> samples) {
    List<Long> nanos() {
      return samples.stream().map(ReplayRun.Sample::nanos).toList();
    }

    List<ScheduleStatistics> statistics() {
      return samples.stream().flatMap(sample -> sample.experts().stream()).toList();
    }
  }

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(flags.work);
    try (TraceFile recorded = TraceFile.open(trace)) {
      TraceHeader header = recorded.header();
      SyntheticModel model =
          flags.shape().model(type, header.layers(), header.experts(), header.used());
      Path slice = flags.shape().file(flags.work, model);
      if (!Files.exists(slice)) {
        say("writing %s".formatted(slice.getFileName()));
        model.write(slice);
      }
      Optional<Run> resident = resident(slice, recorded);
      List<Run> runs = new ArrayList<>();
      for (String name : policies) {
        runs.add(best(Policy.named(name), slice, recorded));
      }
      Found found = found(header, recorded, resident, runs);
      DeviceResult.of(flags, MEASUREMENT, flags.open(), settings(recorded), found).write(flags.out);
      print(found);
      if (timeline != null) {
        Offloading drawn = options(Policy.lookahead()).options().withTimeline(timeline);
        sample(ExpertMovement.of(drawn), slice, recorded, 1);
      }
    }
    return 0;
  }

  private Map<String, Object> settings(TraceFile recorded) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("slice", flags.shape().id());
    settings.put("trace", trace.getFileName().toString());
    settings.put("trace_model", recorded.header().model().hex());
    settings.put("copy_engine", engine);
    settings.put("repetitions", repetitions);
    settings.put("warm_up_tokens", warmUp);
    settings.put("tokens", tokens);
    return settings;
  }

  private static void say(String what) {
    System.out.println("  " + what);
  }

  /** All experts resident: computing alone. Empty where the device has no room for them. */
  private Optional<Run> resident(Path slice, TraceFile recorded) {
    try {
      ExpertMovement all = ExpertMovement.of(Offloading.resident());
      return Optional.of(new Run(all.policy(), sample(all, slice, recorded, repetitions)));
    } catch (ForegateException e) {
      say("not resident: " + e.getMessage());
      return Optional.empty();
    }
  }

  private ExpertMovement options(Policy policy) {
    return ExpertMovement.of(Offloading.of(policy.name(), slots).withCopyEngine(engine))
        .withPolicy(policy);
  }

  /** The variant of a policy that is fastest. */
  private Run best(Policy policy, Path slice, TraceFile recorded) {
    Stream<Policy> variants =
        policy.prefetchCount() == 0
            ? Stream.of(policy)
            : IntStream.rangeClosed(1, MAX_PREFETCHED).mapToObj(policy::withPrefetchCount);
    return variants
        .map(v -> new Run(v, sample(options(v), slice, recorded, repetitions)))
        .min((a, b) -> Double.compare(median(a.nanos()), median(b.nanos())))
        .orElseThrow();
  }

  private List<ReplayRun.Sample> sample(
      ExpertMovement options, Path slice, TraceFile recorded, int count) {
    long opening = System.nanoTime();
    List<ReplayRun.Sample> samples = new ArrayList<>();
    try (var run = new ReplayRun(slice, recorded, options, flags.backend, 0, warmUp + tokens)) {
      int needed = warmUp + tokens;
      long opened = System.nanoTime();
      run.time(TraceRange.start(recorded, 0, repetitions, needed), warmUp, tokens); // compiles
      for (int r = 0; r < count; r++) {
        samples.add(run.time(TraceRange.start(recorded, r, repetitions, needed), warmUp, tokens));
      }
      say(
          String.format(
              Locale.ROOT,
              "%s %s: opened in %.1f s, %d samples in %.1f s",
              options.policy().name(),
              options.policy().keepsAll() ? "" : slots,
              (opened - opening) / 1e9,
              count,
              (System.nanoTime() - opened) / 1e9));
    }
    return samples;
  }

  private Found found(
      TraceHeader header, TraceFile recorded, Optional<Run> resident, List<Run> runs) {
    var grid = new ExpertGrid(header.layers(), header.experts(), header.used());
    long bytes = flags.shape().expertBytes(type);
    int count = SlotCount.of(SlotBudget.parse(slots), grid, bytes, Policy.lru());
    Run lru = runs.stream().filter(r -> r.policy().name().equals("lru")).findFirst().orElseThrow();
    double compute = resident.map(r -> median(r.nanos())).orElseGet(() -> median(busy(lru)));
    double copies = median(lru.statistics().stream().map(ScheduleStatistics::copyNanos).toList());
    double gbps =
        runs.stream()
            .flatMap(run -> run.statistics().stream())
            .filter(s -> s.copyNanos() > 0)
            .mapToDouble(s -> (double) s.copiedBytes() / s.copyNanos())
            .max()
            .orElse(Double.NaN);
    double bound = bound(recorded, count, compute, bytes / gbps);
    return new Found(
        type.toString(),
        bytes,
        header.layers(),
        header.experts(),
        header.used(),
        slots,
        count,
        resident.isPresent() ? "all experts resident" : "lru less its stalls",
        compute,
        copies / (copies + compute),
        gbps,
        bound,
        runs.stream().map(run -> result(run, lru, bound)).toList());
  }

  /** Time for which nothing was waited for. */
  private static List<Long> busy(Run lru) {
    return lru.samples().stream()
        .map(s -> s.nanos() - s.experts().orElseThrow().stallNanos())
        .toList();
  }

  private PolicyFigures result(Run run, Run lru, double bound) {
    double speed = tokens * 1e9 / median(run.nanos());
    return new PolicyFigures(
        run.policy().name(),
        run.policy().prefetchCount(),
        run.nanos(),
        speed,
        speed / bound,
        Speedup.of(run.nanos(), lru.nanos()),
        run.statistics());
  }

  private double bound(TraceFile recorded, int count, double computeNanos, double copyNanos) {
    List<Long> nanos = new ArrayList<>();
    for (int r = 0; r < repetitions; r++) {
      int start = TraceRange.start(recorded, r, repetitions, warmUp + tokens) + warmUp;
      long copies = BeladyBound.copies(new TraceRange(recorded, start, tokens), 0, count);
      nanos.add((long) Math.max(computeNanos, copies * copyNanos));
    }
    return tokens * 1e9 / median(nanos);
  }

  private static double median(List<Long> values) {
    return Report.median(values.stream().mapToDouble(Long::doubleValue));
  }

  private void print(Found found) {
    System.out.printf(
        Locale.ROOT,
        "  %s %s: computing %.2f tok/s, copy share %.2f, bound %.2f tok/s, link %.2f GB/s%n",
        found.type(),
        found.budget(),
        tokens * 1e9 / found.computeNanos(),
        found.copyShare(),
        found.bound(),
        found.linkGbps());
    for (PolicyFigures result : found.policies()) {
      System.out.printf(
          Locale.ROOT,
          "    %-20s %8.2f tok/s, %5.1f %% of bound, %+6.1f %% over lru%n",
          result.policy(),
          result.tokensPerSecond(),
          100 * result.shareOfBound(),
          100 * (result.overLru().median() - 1));
    }
  }
}

package io.foregate.bench.offload;

import io.foregate.bench.measure.HeldPages;
import io.foregate.bench.measure.ReplayRun;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.ResultLines;
import io.foregate.bench.measure.TraceRange;
import io.foregate.engine.Machine;
import io.foregate.engine.experts.ExpertMovement;
import io.foregate.gate.trace.TraceFile;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.options.Offloading;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.SlotCount;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.sim.BeladyBound;
import io.foregate.schedule.sim.Cell;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.ScheduleStatistics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The program of {@code scripts/bench-offload}. */
@Command(
    name = "bench-offload",
    description = "Time policies on experts of real size, with routing replayed from a trace.",
    mixinStandardHelpOptions = true)
public final class OffloadBench implements Callable<Integer> {
  /** The exit code where a cell's ceiling was none. */
  private static final int REFUSED = 3;

  @Option(names = "--trace", required = true, description = "From 'foregate trace'.")
  private Path trace;

  @Option(names = "--commit", required = true, description = "Of the sources that are measured.")
  private String commit;

  @Option(names = "--out", required = true, description = "Folder of the cells' file.")
  private Path out;

  @Option(names = "--work", required = true, description = "Folder for the slices.")
  private Path work;

  @Option(names = "--types", split = ",", description = "Of experts. Default: 4, 3 and 2 bits.")
  private List<GgmlType> types = List.of(GgmlType.Q4_K, GgmlType.Q3_K, GgmlType.Q2_K);

  @Option(names = "--slots", split = ",", description = "Budgets. Default: 25%%, 50%%, 75%%.")
  private List<String> slots = List.of("25%", "50%", "75%");

  @Option(
      names = "--link-gbps",
      split = ",",
      description = "Link speeds. Default: from far too slow to far too fast.")
  private List<Double> links = List.of(1.0, 2.0, 4.0, 8.0);

  @Option(
      names = "--ablations",
      description = "What each part of lookahead contributes, instead of the other policies.")
  private boolean ablations;

  @Option(
      names = "--predict",
      description = "Predict measured cells anew, with new profiles, and measure none.")
  private boolean predict;

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

  /** What has been measured so far, also by runs before this one. */
  private List<OffloadCell> cells = List.of();

  /** How many cells were measured and not kept. */
  private int refused;

  /** Whether the kernels of the type at hand have been compiled. */
  private boolean compiled;

  private OffloadBench() {}

  /** Measures the cells that have no line yet. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new OffloadBench()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(out);
    Files.createDirectories(work);
    cells = new ArrayList<>(OffloadCell.read(out));
    try (TraceFile recorded = TraceFile.open(trace)) {
      for (GgmlType type : types) {
        Path slice = slice(type, recorded.header());
        if (!Files.exists(slice)) {
          SliceModel.write(type, recorded.header(), slice);
        }
        compiled = false;
        measure(type, slice, recorded);
      }
    }
    return refused == 0 ? 0 : REFUSED;
  }

  /** All cells of a type of experts; those of a link share its profile. */
  private void measure(GgmlType type, Path slice, TraceFile recorded) throws IOException {
    Map<Double, Profile> profiles = new HashMap<>();
    for (String budget : slots) {
      for (double link : links) {
        boolean known = known(type, budget, link) >= 0;
        if (known == predict) {
          Profile profile = profiles.computeIfAbsent(link, gbps -> profile(type, slice, gbps));
          var plan = new CellPlan(type, slice, budget, link, profile);
          if (predict) {
            predictAnew(plan, recorded);
          } else {
            measure(plan, recorded);
          }
        }
      }
    }
  }

  /** The place of a cell among those that are measured, or a negative number. */
  private int known(GgmlType type, String budget, double link) {
    return IntStream.range(0, cells.size())
        .filter(i -> cells.get(i).isOf(ablations, type.toString(), budget, link))
        .findFirst()
        .orElse(-1);
  }

  /** Traces of equal numbers of layers and experts share slices. */
  private Path slice(GgmlType type, TraceHeader header) {
    return work.resolve(
        "slice-%s-%dx%dx%d.gguf".formatted(type, header.layers(), header.experts(), header.used()));
  }

  /**
   * @param profile of the slice, over the link that is to be imitated
   */
  private record CellPlan(
      GgmlType type, Path slice, String budget, double linkGbps, Profile profile) {}

  /** What single steps take, as it was measured before the first cell of that type and link. */
  private Profile profile(GgmlType type, Path slice, double link) {
    if (!predict) {
      for (OffloadCell cell : cells) {
        if (cell.model().type().equals(type.toString()) && cell.settings().linkGbps() == link) {
          return cell.profile();
        }
      }
    }
    return SliceProfile.measure(type, slice, link);
  }

  /** What is measured in each cell; {@code lru} and {@code lookahead} always. */
  private List<Policy> policies() {
    if (ablations) {
      return Policy.ablations();
    }
    return Policy.all().stream().filter(p -> !p.keepsAll() && !p.hostFallback()).toList();
  }

  private void measure(CellPlan plan, TraceFile recorded) throws IOException {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    List<Cell> simulated = simulated(plan, recorded);
    List<Policy> chosen = new ArrayList<>(List.of(Policy.resident()));
    policies().forEach(policy -> chosen.add(best(policy, simulated)));
    List<List<ReplayRun.Sample>> samples = sample(plan, chosen, recorded);
    List<OffloadCell.PolicyResult> results = new ArrayList<>();
    for (int p = 0; p < chosen.size(); p++) {
      results.add(result(chosen.get(p), samples.get(p), simulated));
    }
    OffloadCell cell = cell(plan, recorded, load, results);
    Optional<String> broken = Ceiling.broken(cell.resident(), cell.policies());
    if (broken.isPresent()) {
      refused++;
      System.err.printf(
          "%s: not kept, and measured again by the next run: %s%n",
          OffloadMarkdown.title(cell), broken.get());
      return;
    }
    ResultLines.append(out.resolve(OffloadCell.FILE), cell);
    cells.add(cell);
    print(cell);
  }

  private void predictAnew(CellPlan plan, TraceFile recorded) throws IOException {
    int i = known(plan.type(), plan.budget(), plan.linkGbps());
    cells.set(i, predicted(cells.get(i), plan, recorded));
    ResultLines.write(out.resolve(OffloadCell.FILE), cells);
  }

  /** The cell with what the simulator says now; what was measured stays as it is. */
  private OffloadCell predicted(OffloadCell cell, CellPlan plan, TraceFile recorded) {
    List<Cell> simulated = simulated(plan, recorded);
    return cell.withPrediction(plan.profile(), result -> repredicted(result, simulated));
  }

  private OffloadCell.PolicyResult repredicted(
      OffloadCell.PolicyResult result, List<Cell> simulated) {
    Policy named = Policy.named(result.policy());
    Policy policy = named.withPrefetchCount(result.prefetchCount());
    List<Long> nanos = simulate(simulated, policy);
    return result.withPrediction(nanos, tokensPerSecond(nanos));
  }

  /** The repetitions' tokens, for the simulator. */
  private List<Cell> simulated(CellPlan plan, TraceFile recorded) {
    SlotBudget budget = SlotBudget.parse(plan.budget());
    return IntStream.range(0, repetitions)
        .mapToObj(r -> new TraceRange(recorded, start(recorded, r), warmUp + tokens))
        .map(range -> new Cell(range, plan.profile(), budget, warmUp))
        .toList();
  }

  /** The variant of a policy that the simulator finds fastest on the very tokens measured. */
  private static Policy best(Policy policy, List<Cell> simulated) {
    return simulated
        .getFirst()
        .variants(policy)
        .min(
            Comparator.comparingLong(
                variant -> simulated.stream().mapToLong(cell -> cell.run(variant).nanos()).sum()))
        .orElseThrow();
  }

  /** Repetition by repetition, one policy after the other, each time on other tokens. */
  private List<List<ReplayRun.Sample>> sample(
      CellPlan plan, List<Policy> chosen, TraceFile recorded) {
    List<ReplayRun> runs = new ArrayList<>();
    List<List<ReplayRun.Sample>> samples = new ArrayList<>();
    try (GgufFile file = GgufFile.open(plan.slice());
        HeldPages pages = HeldPages.of(file)) {
      pages
          .refusal()
          .ifPresent(
              reason ->
                  System.err.printf(
                      "%s is not locked into memory: %s. It is read before each sample instead.%n",
                      plan.slice().getFileName(), reason));
      for (Policy policy : chosen) {
        runs.add(
            new ReplayRun(
                plan.slice(),
                recorded,
                ExpertMovement.of(
                        Offloading.of(policy.name(), plan.budget()).withLinkGbps(plan.linkGbps()))
                    .withPolicy(policy),
                "cpu",
                1,
                warmUp + tokens));
        samples.add(new ArrayList<>());
      }
      if (!compiled) {
        runs.forEach(run -> run.time(start(recorded, 0), warmUp, tokens));
        compiled = true;
      }
      for (int r = 0; r < repetitions; r++) {
        for (int p = 0; p < runs.size(); p++) {
          pages.renew();
          samples.get(p).add(runs.get(p).time(start(recorded, r), warmUp, tokens));
        }
      }
    } finally {
      runs.forEach(ReplayRun::close);
    }
    return samples;
  }

  private OffloadCell.PolicyResult result(
      Policy policy, List<ReplayRun.Sample> samples, List<Cell> simulated) {
    List<Long> nanos = samples.stream().map(ReplayRun.Sample::nanos).toList();
    List<ScheduleStatistics> statistics =
        samples.stream().flatMap(sample -> sample.experts().stream()).toList();
    List<Long> predicted = simulate(simulated, policy);
    return new OffloadCell.PolicyResult(
        policy.name(),
        policy.prefetchCount(),
        nanos,
        tokensPerSecond(nanos),
        statistics,
        predicted,
        tokensPerSecond(predicted));
  }

  /**
   * What each repetition takes. Of resident experts only the steady state is of interest: they were
   * copied long ago.
   */
  private List<Long> simulate(List<Cell> simulated, Policy policy) {
    boolean resident = policy.keepsAll();
    return simulated.stream()
        .map(cell -> resident ? tokens * cell.computeNanos() : cell.run(policy).nanos())
        .toList();
  }

  private OffloadCell cell(
      CellPlan plan, TraceFile recorded, double load, List<OffloadCell.PolicyResult> results) {
    TraceHeader header = recorded.header();
    var grid = new ExpertGrid(header.layers(), header.experts(), header.used());
    long bytes = SliceModel.expertBytes(plan.type(), header);
    int count = SlotCount.of(SlotBudget.parse(plan.budget()), grid, bytes, Policy.lru());
    OffloadCell.PolicyResult resident = results.getFirst();
    OffloadCell.PolicyResult lru =
        results.stream().filter(r -> r.policy().equals("lru")).findFirst().orElseThrow();
    double compute = median(resident.nanos());
    double copies = median(lru.statistics().stream().map(ScheduleStatistics::copyNanos).toList());
    return new OffloadCell(
        OffloadCell.SCHEMA,
        OffloadCell.MEASUREMENT,
        ablations,
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        commit,
        Machine.here(),
        load,
        new OffloadCell.Model(
            plan.type().toString(), header.layers(), header.experts(), header.used(), bytes),
        new OffloadCell.Trace(
            trace.getFileName().toString(), header.model().hex(), recorded.tokens()),
        new OffloadCell.CellSettings(plan.budget(), count, plan.linkGbps(), warmUp, tokens),
        plan.profile(),
        copies / (copies + compute),
        bound(recorded, count, compute, bytes / plan.linkGbps()),
        resident,
        results.subList(1, results.size()));
  }

  /** The median over the samples' tokens of what no cache can exceed, in tokens per second. */
  private double bound(TraceFile recorded, int slots, double computeNanos, double copyNanos) {
    List<Long> nanos = new ArrayList<>();
    for (int r = 0; r < repetitions; r++) {
      var range = new TraceRange(recorded, start(recorded, r) + warmUp, tokens);
      long copies = BeladyBound.copies(range, 0, slots);
      nanos.add((long) Math.max(computeNanos, copies * copyNanos));
    }
    return tokensPerSecond(nanos);
  }

  private int start(TraceFile recorded, int repetition) {
    return TraceRange.start(recorded, repetition, repetitions, warmUp + tokens);
  }

  private double tokensPerSecond(List<Long> nanos) {
    return tokens * 1e9 / median(nanos);
  }

  private static double median(List<Long> values) {
    return Report.median(values.stream().mapToDouble(Long::doubleValue));
  }

  private static void print(OffloadCell cell) {
    System.out.printf(
        Locale.ROOT,
        "%s %s %.2f GB/s: copy share %.2f, bound %.2f tok/s, resident %.2f%n",
        cell.model().type(),
        cell.settings().expertBudget(),
        cell.settings().linkGbps(),
        cell.copyShare(),
        cell.bound(),
        cell.resident().tokensPerSecond());
    for (OffloadCell.PolicyResult result : cell.policies()) {
      System.out.printf(
          Locale.ROOT,
          "  %-20s %7.2f tok/s, simulated %7.2f, %5.1f %% of bound, %+6.1f %% over lru%n",
          result.policy(),
          result.tokensPerSecond(),
          result.simulatedTokensPerSecond(),
          100 * result.tokensPerSecond() / cell.bound(),
          100 * (cell.speedup(result.policy(), "lru").median() - 1));
    }
  }
}

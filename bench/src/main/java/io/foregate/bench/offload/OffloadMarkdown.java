package io.foregate.bench.offload;

import io.foregate.bench.measure.Speedup;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ScheduleStatistics;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** The summary of all cells for people. */
public final class OffloadMarkdown {
  public static final String LOOKAHEAD = "lookahead";
  public static final String LRU = "lru";
  public static final String MIXTRAL = "mixtral-offloading";
  static final String ORACLE = "oracle";
  static final String ABLATION_PLOT = "ablation.svg";

  /** Where overlap alone can gain what the paper reports. */
  private static final double MIN_SHARE = 0.40;

  private static final double MAX_SHARE = 0.60;

  private static final double PROMISED_ERROR = 0.15;

  private final List<OffloadCell> cells;
  private final List<OffloadCell> ablations;
  private final Formatter out = new Formatter(Locale.ROOT);

  OffloadMarkdown(List<OffloadCell> cells, List<OffloadCell> ablations) {
    this.cells = cells;
    this.ablations = ablations;
    introduction(cells.getFirst());
    findings();
    speeds();
    statistics();
    simulated();
    if (!ablations.isEmpty()) {
      parts();
    }
  }

  /** Experts, budget and link of a cell, in few words. */
  static String title(OffloadCell cell) {
    return String.format(
        Locale.ROOT,
        "%s, %s, %.2f GB/s",
        cell.model().type(),
        cell.settings().expertBudget(),
        cell.settings().linkGbps());
  }

  private void introduction(OffloadCell any) {
    out.format(
        """
        # Policies on experts of real size

        Generated weights with a demo model's %d layers, %d experts and top-%d, experts of %.1f MB and more; routing and gate
        scores replayed from that model's trace `%s` of held-out text. One compute thread, one copy thread, a link paced
        to the speed shown, the same device memory for every policy, staging included, one configuration for all cells. Per
        cell %d samples of %d tokens after %d of warm-up, policies in turns on the same tokens. %s, %s, commit %s.

        Copy share: copy time / (copy time + compute time) of `lru` with no overlap. Bound: what no cache can exceed, even one
        that knows the whole trace. Ratios are medians of pairs, with the 95 %% confidence interval. Horizon: %d of %d layers,
        j/L = %.2f. `mixtral-offloading` prefetches as many experts as suit it best in each cell, by the simulator, on the
        very tokens that are measured.
        """,
        any.model().layers(),
        any.model().experts(),
        any.model().used(),
        cells.stream().mapToLong(cell -> cell.model().expertBytes()).min().orElseThrow() / 1e6,
        any.trace().file(),
        any.resident().nanos().size(),
        any.settings().tokens(),
        any.settings().warmUpTokens(),
        any.machine().cpu(),
        any.machine().java(),
        any.commit().substring(0, Math.min(10, any.commit().length())),
        Policy.HORIZON,
        any.model().layers(),
        (double) Policy.HORIZON / any.model().layers());
  }

  private void findings() {
    out.format("\n## In short\n\n");
    out.format(
        "| experts | cells | copy share %.2f-%.2f | over lru there | over mixtral-offloading,",
        MIN_SHARE, MAX_SHARE);
    out.format(" best cell | slower than lru | slower than mixtral-offloading |\n");
    out.format("|---|---|---|---|---|---|---|\n");
    for (String type : OffloadSummary.types(cells)) {
      List<OffloadCell> all = cells.stream().filter(c -> c.model().type().equals(type)).toList();
      List<OffloadCell> middle =
          all.stream()
              .filter(c -> c.copyShare() >= MIN_SHARE && c.copyShare() <= MAX_SHARE)
              .toList();
      out.format(
          "| %s | %d | %d | %s | %s | %d | %d |\n",
          type,
          all.size(),
          middle.size(),
          middle.stream().map(OffloadMarkdown::gainAndLimit).collect(Collectors.joining("<br>")),
          gain(
              all.stream()
                  .mapToDouble(c -> c.speedup(LOOKAHEAD, MIXTRAL).median())
                  .max()
                  .orElse(1)),
          slower(all, LRU),
          slower(all, MIXTRAL));
    }
    out.format("\nSlower: the whole 95 %% interval of the ratio is below 1.\n");
  }

  /** What lookahead gains over lru, and what no cache could exceed. */
  private static String gainAndLimit(OffloadCell cell) {
    return String.format(
        Locale.ROOT,
        "%s of at most %s (c %.2f)",
        gain(cell.speedup(LOOKAHEAD, LRU).median()),
        gain(cell.bound() / cell.of(LRU).tokensPerSecond()),
        cell.copyShare());
  }

  private static long slower(List<OffloadCell> all, String other) {
    return all.stream().filter(c -> c.speedup(LOOKAHEAD, other).high() < 1).count();
  }

  private void speeds() {
    out.format("\n## Tokens per second\n\n");
    out.format("| experts | slots | link GB/s | copy share | resident | bound |");
    cells.getFirst().policies().forEach(p -> out.format(" %s |", p.policy()));
    out.format(
        " lookahead / lru | lookahead / mixtral-offloading | lookahead / oracle | oracle / bound"
            + " |\n");
    out.format("%s|\n", "|---".repeat(cells.getFirst().policies().size() + 10));
    for (OffloadCell cell : cells) {
      out.format(
          "| %s | %s | %.2f | %.2f | %.2f | %.2f |",
          cell.model().type(),
          cell.settings().expertBudget(),
          cell.settings().linkGbps(),
          cell.copyShare(),
          cell.resident().tokensPerSecond(),
          cell.bound());
      cell.policies().forEach(p -> out.format(" %.2f%s |", p.tokensPerSecond(), prefetched(p)));
      for (String other : List.of(LRU, MIXTRAL, ORACLE)) {
        Speedup s = cell.speedup(LOOKAHEAD, other);
        out.format(" %.2f (%.2f-%.2f) |", s.median(), s.low(), s.high());
      }
      out.format(" %.2f |\n", cell.of(ORACLE).tokensPerSecond() / cell.bound());
    }
    out.format("\nIn brackets: experts prefetched per layer.\n");
    for (String type : OffloadSummary.types(cells)) {
      out.format("\n![Speed-up at %s](%s)\n", type, OffloadSummary.speedupPlot(type));
    }
  }

  private static String prefetched(OffloadCell.PolicyResult result) {
    return result.prefetchCount() == 0 ? "" : " (%d)".formatted(result.prefetchCount());
  }

  private void statistics() {
    out.format("\n## What lookahead did\n\n");
    out.format(
        "Shares of the experts due; stall as a share of the time; waste as a share of the bytes"
            + " copied.\n\n");
    out.format(
        "| experts | slots | link GB/s | hit | late | miss | stall | hidden | waste | lru: hit |"
            + " lru: stall |\n");
    out.format("%s|\n", "|---".repeat(11));
    for (OffloadCell cell : cells) {
      OffloadCell.PolicyResult own = cell.of(LOOKAHEAD);
      OffloadCell.PolicyResult lru = cell.of(LRU);
      double used = sum(own, ScheduleStatistics::usedCopyNanos);
      out.format(
          "| %s | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n",
          cell.model().type(),
          cell.settings().expertBudget(),
          cell.settings().linkGbps(),
          sum(own, ScheduleStatistics::hits) / due(own),
          sum(own, ScheduleStatistics::lates) / due(own),
          sum(own, ScheduleStatistics::misses) / due(own),
          stall(own),
          used == 0 ? 1 : 1 - sum(own, ScheduleStatistics::stallNanos) / used,
          sum(own, ScheduleStatistics::wastedBytes)
              / Math.max(1, sum(own, ScheduleStatistics::copiedBytes)),
          sum(lru, ScheduleStatistics::hits) / due(lru),
          stall(lru));
    }
  }

  private static double stall(OffloadCell.PolicyResult result) {
    return sum(result, ScheduleStatistics::stallNanos)
        / result.nanos().stream().mapToLong(Long::longValue).sum();
  }

  private static double due(OffloadCell.PolicyResult result) {
    return sum(result, s -> s.hits() + s.lates() + s.misses());
  }

  private static double sum(
      OffloadCell.PolicyResult result, ToLongFunction<ScheduleStatistics> count) {
    return result.statistics().stream().mapToLong(count).sum();
  }

  private void simulated() {
    List<Double> errors =
        cells.stream()
            .flatMap(cell -> cell.policies().stream())
            .map(p -> Math.abs(ratio(p) - 1))
            .sorted()
            .toList();
    out.format(
        """

        ## What the simulator predicts

        Its speed over the measured one. It knows what single steps take on this machine (the `profile` of a cell:
        microbenchmarks, each alone, and computing beside copies), and nothing of the cells. %d of %d speeds are within 15 %%; the largest
        error is %.1f %%, the median %.1f %%.

        """,
        errors.stream().filter(error -> error <= PROMISED_ERROR).count(),
        errors.size(),
        100 * errors.getLast(),
        100 * errors.get(errors.size() / 2));
    out.format("| experts | slots | link GB/s |");
    cells.getFirst().policies().forEach(p -> out.format(" %s |", p.policy()));
    out.format("\n%s|\n", "|---".repeat(cells.getFirst().policies().size() + 3));
    for (OffloadCell cell : cells) {
      out.format(
          "| %s | %s | %.2f |",
          cell.model().type(), cell.settings().expertBudget(), cell.settings().linkGbps());
      cell.policies().forEach(p -> out.format(" %.3f |", ratio(p)));
      out.format("\n");
    }
  }

  private static double ratio(OffloadCell.PolicyResult result) {
    return result.simulatedTokensPerSecond() / result.tokensPerSecond();
  }

  private void parts() {
    out.format(
        """

        ## What each part contributes

        Speed over `lru`, one part added after the other: one pool for all layers and copies in idle time (`no-gates`),
        untrained gates, aligned gates, eviction that knows their predictions, predictions across the token boundary.

        """);
    out.format("| cell | copy share |");
    ablations.getFirst().policies().forEach(p -> out.format(" %s |", p.policy()));
    out.format("\n%s|\n", "|---".repeat(ablations.getFirst().policies().size() + 2));
    for (OffloadCell cell : ablations) {
      out.format("| %s | %.2f |", title(cell), cell.copyShare());
      cell.policies()
          .forEach(
              p -> {
                Speedup s = cell.speedup(p.policy(), LRU);
                out.format(" %.2f (%.2f-%.2f) |", s.median(), s.low(), s.high());
              });
      out.format("\n");
    }
    out.format("\n![Parts](%s)\n", ABLATION_PLOT);
  }

  private static String gain(double ratio) {
    return String.format(Locale.ROOT, "%+.1f %%", 100 * (ratio - 1));
  }

  @Override
  public String toString() {
    return out.toString();
  }
}

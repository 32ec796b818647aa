package io.foregate.bench.offload;

import io.foregate.plot.Axis;
import io.foregate.plot.LineChart;
import io.foregate.plot.Series;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Puts the cells that {@link OffloadBench} measured, every one of them, into tables and plots. */
final class OffloadSummary {
  private OffloadSummary() {}

  /**
   * @param args folder of the cells' file, where the summary goes too
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    List<OffloadCell> all = OffloadCell.read(folder);
    List<OffloadCell> cells = sorted(all.stream().filter(cell -> !cell.ablations()));
    List<OffloadCell> ablations = sorted(all.stream().filter(OffloadCell::ablations));
    Files.writeString(
        folder.resolve("README.md"), new OffloadMarkdown(cells, ablations).toString());
    for (String type : types(cells)) {
      Files.writeString(folder.resolve(speedupPlot(type)), speedups(type, cells).svg());
    }
    if (!ablations.isEmpty()) {
      Files.writeString(folder.resolve(OffloadMarkdown.ABLATION_PLOT), parts(ablations).svg());
    }
  }

  private static List<OffloadCell> sorted(Stream<OffloadCell> cells) {
    return cells
        .sorted(
            Comparator.comparing((OffloadCell cell) -> cell.model().type())
                .reversed()
                .thenComparingInt(cell -> cell.settings().slots())
                .thenComparingDouble(cell -> cell.settings().linkGbps()))
        .toList();
  }

  /** Types of experts, most bits first. */
  static List<String> types(List<OffloadCell> cells) {
    return cells.stream().map(cell -> cell.model().type()).distinct().toList();
  }

  static String speedupPlot(String type) {
    return "speedup-" + type + ".svg";
  }

  private static LineChart speedups(String type, List<OffloadCell> cells) {
    List<Series> lines =
        cells.stream()
            .filter(cell -> cell.model().type().equals(type))
            .collect(Collectors.groupingBy(cell -> cell.settings().expertBudget()))
            .entrySet()
            .stream()
            .sorted(Map.Entry.comparingByKey())
            .flatMap(entry -> lines(entry.getKey(), entry.getValue()))
            .toList();
    return new LineChart(
        "lookahead, experts in " + type,
        Axis.of("copy share of lru"),
        Axis.of("speed-up"),
        lines,
        true);
  }

  private static Stream<Series> lines(String budget, List<OffloadCell> cells) {
    List<OffloadCell> sorted =
        cells.stream().sorted(Comparator.comparingDouble(OffloadCell::copyShare)).toList();
    return Stream.of(OffloadMarkdown.LRU, OffloadMarkdown.MIXTRAL)
        .map(
            other ->
                new Series(
                    "over %s, %s".formatted(other, budget),
                    sorted.stream().mapToDouble(OffloadCell::copyShare).toArray(),
                    sorted.stream()
                        .mapToDouble(
                            cell -> cell.speedup(OffloadMarkdown.LOOKAHEAD, other).median())
                        .toArray()));
  }

  private static LineChart parts(List<OffloadCell> ablations) {
    List<Series> lines =
        ablations.stream()
            .map(
                cell ->
                    new Series(
                        OffloadMarkdown.title(cell),
                        IntStream.range(0, cell.policies().size()).asDoubleStream().toArray(),
                        cell.policies().stream()
                            .mapToDouble(
                                p -> cell.speedup(p.policy(), OffloadMarkdown.LRU).median())
                            .toArray()))
            .toList();
    return new LineChart(
        "From lru to lookahead, part by part",
        Axis.of("parts added"),
        Axis.of("speed-up over lru"),
        lines,
        true);
  }
}

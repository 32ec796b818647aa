package io.foregate.bench;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.plot.Axis;
import io.foregate.plot.LineChart;
import io.foregate.plot.Series;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Puts the cells that {@link OffloadBench} measured, every one of them, into a table and plots. */
final class OffloadSummary {
  private static final String LOOKAHEAD = "lookahead";

  private OffloadSummary() {}

  /**
   * @param args folder of the cells, where the summary goes too
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    List<OffloadCell> cells = read(folder);
    Files.writeString(folder.resolve("README.md"), markdown(cells));
    for (String type : types(cells)) {
      Files.writeString(folder.resolve("speedup-" + type + ".svg"), plot(type, cells).svg());
    }
  }

  private static List<OffloadCell> read(Path folder) throws IOException {
    JsonMapper mapper =
        JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    List<OffloadCell> cells = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        cells.add(mapper.readValue(file.toFile(), OffloadCell.class));
      }
    }
    cells.sort(
        Comparator.comparing((OffloadCell cell) -> cell.model().type())
            .reversed()
            .thenComparingInt(cell -> cell.settings().slots())
            .thenComparingDouble(cell -> cell.settings().linkGbps()));
    return cells;
  }

  private static List<String> types(List<OffloadCell> cells) {
    return cells.stream().map(cell -> cell.model().type()).distinct().toList();
  }

  static String markdown(List<OffloadCell> cells) {
    OffloadCell any = cells.getFirst();
    var out = new StringBuilder();
    out.append(
        """
        # Policies on experts of real size

        Generated weights with the demo model's layers, experts and top-k, and experts of 10 MB and more; routing and gate
        scores replayed from the demo model's trace `%s` of held-out text. One compute thread, one copy thread, a link paced
        to the speed shown, the same device memory for every policy, staging included. Per cell %d samples of %d tokens after
        %d of warm-up, policies in turns on the same tokens. %s, %s, commit %s.

        Copy share: copy time / (copy time + compute time) of `lru` with no overlap. Bound: what no cache can exceed, even one
        that knows the whole trace. Ratios are medians of pairs, with the 95 %% confidence interval. The horizon is 4 of %d
        layers.

        """
            .formatted(
                any.trace().file(),
                any.resident().nanos().size(),
                any.settings().tokens(),
                any.settings().warmUpTokens(),
                any.machine().cpu(),
                any.machine().java(),
                any.commit().substring(0, Math.min(10, any.commit().length())),
                any.model().layers()));
    out.append("| experts | slots | link GB/s | copy share | resident | bound |");
    any.policies().forEach(p -> out.append(" %s |".formatted(p.policy())));
    out.append(
        " lookahead / lru | lookahead / mixtral-offloading | lookahead / oracle | oracle / bound |\n");
    out.append("|---".repeat(any.policies().size() + 10)).append("|\n");
    cells.forEach(cell -> row(cell, out));
    for (String type : types(cells)) {
      out.append("\n![Speed-up at %s](speedup-%s.svg)\n".formatted(type, type));
    }
    return out.toString();
  }

  private static void row(OffloadCell cell, StringBuilder out) {
    out.append(
        String.format(
            Locale.ROOT,
            "| %s | %s | %.2f | %.2f | %.2f | %.2f |",
            cell.model().type(),
            cell.settings().expertBudget(),
            cell.settings().linkGbps(),
            cell.copyShare(),
            cell.resident().tokensPerSecond(),
            cell.bound()));
    cell.policies()
        .forEach(p -> out.append(String.format(Locale.ROOT, " %.2f |", p.tokensPerSecond())));
    for (String other : List.of("lru", "mixtral-offloading", "oracle")) {
      Speedup s = cell.speedup(LOOKAHEAD, other);
      out.append(String.format(Locale.ROOT, " %.2f (%.2f-%.2f) |", s.median(), s.low(), s.high()));
    }
    out.append(
        String.format(
            Locale.ROOT, " %.2f |\n", cell.of("oracle").tokensPerSecond() / cell.bound()));
  }

  private static LineChart plot(String type, List<OffloadCell> cells) {
    List<Series> lines =
        cells.stream()
            .filter(cell -> cell.model().type().equals(type))
            .collect(Collectors.groupingBy(cell -> cell.settings().expertBudget()))
            .entrySet()
            .stream()
            .sorted(Map.Entry.comparingByKey())
            .map(entry -> line(entry.getKey(), entry.getValue()))
            .toList();
    return new LineChart(
        "lookahead over lru, experts in " + type,
        Axis.of("copy share of lru"),
        Axis.of("speed-up"),
        lines,
        true);
  }

  private static Series line(String budget, List<OffloadCell> cells) {
    List<OffloadCell> sorted =
        cells.stream().sorted(Comparator.comparingDouble(OffloadCell::copyShare)).toList();
    return new Series(
        budget + " of experts",
        sorted.stream().mapToDouble(OffloadCell::copyShare).toArray(),
        sorted.stream().mapToDouble(cell -> cell.speedup(LOOKAHEAD, "lru").median()).toArray());
  }
}

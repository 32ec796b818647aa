package io.foregate.simulate;

import io.foregate.files.Target;
import io.foregate.plot.Axis;
import io.foregate.plot.LineChart;
import io.foregate.plot.Series;
import io.foregate.report.Json;
import io.foregate.report.Table;
import io.foregate.report.TextFileWriter;
import io.foregate.schedule.sim.Profile;
import io.foregate.schedule.sim.SimulationResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Simulated cells as a table for people and as plots. */
public final class SimulationPages {
  private static final String JSON = "simulation.json";
  private static final String PAGE = "README.md";

  /** Files of a report that are always there; plots come beside them. */
  public static final List<String> NAMES = List.of(JSON, PAGE);

  private static final String REFERENCE = "lru";

  private SimulationPages() {}

  /**
   * Writes a folder: the report as JSON and as a page, and plots.
   *
   * @param replace whether plots that are there may be replaced
   */
  public static void write(Path folder, SimulationReport report, boolean replace) {
    Map<String, String> plots = plots(report.results());
    plots.keySet().forEach(name -> Target.requireAbsent(folder.resolve(name), replace));
    TextFileWriter.write(folder.resolve(JSON), Json.pretty(report) + "\n");
    plots.forEach((name, plot) -> TextFileWriter.write(folder.resolve(name), plot));
    String tables = tables(report.profiles(), report.results());
    TextFileWriter.write(folder.resolve(PAGE), page(report, tables, plots.keySet()));
  }

  /** One table per profile, budget and link, all labelled with where their figures come from. */
  public static String tables(List<Profile> profiles, List<SimulationResult> results) {
    var text = new StringBuilder();
    Map<String, List<SimulationResult>> cells =
        results.stream()
            .collect(
                Collectors.groupingBy(
                    SimulationPages::cell, LinkedHashMap::new, Collectors.toList()));
    cells
        .values()
        .forEach(cell -> text.append(heading(profiles, cell)).append(table(cell)).append('\n'));
    return text.toString();
  }

  private static String cell(SimulationResult r) {
    return "%s %s %s".formatted(r.profile(), r.linkGbps(), r.budget());
  }

  private static String heading(List<Profile> profiles, List<SimulationResult> cell) {
    SimulationResult first = cell.getLast(); // resident, whose bound is another, comes first
    Profile profile =
        profiles.stream().filter(p -> p.name().equals(first.profile())).findFirst().orElseThrow();
    String stretched =
        first.layers() == first.recordedLayers()
            ? ""
            : ", a trace of %d layers stretched to %d"
                .formatted(first.recordedLayers(), first.layers());
    return String.format(
        Locale.ROOT,
        "%s: %s%n%s%s; %d of %d experts (%.0f %%), link %.1f GB/s, copy share %.2f, bound %.2f"
            + " tok/s%n",
        first.profile(),
        profile.title(),
        first.origin(),
        stretched,
        first.budget(),
        first.experts(),
        100.0 * first.budget() / first.experts(),
        first.linkGbps(),
        first.copyShare(),
        first.boundTokensPerSecond());
  }

  private static String table(List<SimulationResult> cell) {
    double reference =
        cell.stream()
            .filter(r -> r.policy().equals(REFERENCE))
            .mapToDouble(SimulationResult::tokensPerSecond)
            .findFirst()
            .orElse(Double.NaN);
    var table =
        new Table("  ", "lrrrrrrrrrrr")
            .row(
                "policy",
                "tok/s",
                "vs lru",
                "hit",
                "late",
                "miss",
                "on host",
                "stall",
                "waste",
                "hidden",
                "copies/tok",
                "of bound");
    for (SimulationResult r : cell) {
      table.row(
          r.prefetchCount() == 0 ? r.policy() : r.policy() + " (" + r.prefetchCount() + ")",
          decimal(r.tokensPerSecond()),
          Double.isNaN(reference) ? "-" : gain(r.tokensPerSecond() / reference),
          percent(r.hit()),
          percent(r.late()),
          percent(r.miss()),
          percent(r.onHost()),
          percent(r.stall()),
          percent(r.waste()),
          percent(r.hidden()),
          decimal(r.copiesPerToken()),
          percent(r.shareOfBound()));
    }
    return table.toString();
  }

  /** All of it as a page, beside the plots. */
  private static String page(SimulationReport report, String tables, Set<String> plots) {
    var text = new StringBuilder();
    text.append(
        """
        # Simulated: policies on machines that are not here

        Written by `foregate simulate`; every figure is in [simulation.json](simulation.json). Figures are **%s**, never
        measured on these machines; docs/simulate.md says what is in the model. Trace `%s` of %s: %d tokens, %d layers of %d
        experts, top-%d. Commit %s. %s

        """
            .formatted(
                origins(report.results()),
                report.trace().file(),
                report.trace().model(),
                report.trace().tokens(),
                report.trace().layers(),
                report.trace().experts(),
                report.trace().used(),
                report.commit(),
                hybridAgainstLookahead(report.results())));
    plots.forEach(plot -> text.append("![%s](%s)\n\n".formatted(plot, plot)));
    return text.append("```\n").append(tables.strip()).append("\n```\n").toString();
  }

  private static String hybridAgainstLookahead(List<SimulationResult> results) {
    Map<String, Double> lookahead = new LinkedHashMap<>();
    results.stream()
        .filter(r -> r.policy().equals("lookahead"))
        .forEach(r -> lookahead.put(cell(r), r.tokensPerSecond()));
    List<SimulationResult> hybrid =
        results.stream()
            .filter(r -> r.policy().equals("hybrid") && lookahead.containsKey(cell(r)))
            .toList();
    long slower = hybrid.stream().filter(r -> r.tokensPerSecond() < lookahead.get(cell(r))).count();
    return "`hybrid` is slower than `lookahead` in %d of %d cells."
        .formatted(slower, hybrid.size());
  }

  /** All plots, by file name. */
  private static Map<String, String> plots(List<SimulationResult> results) {
    Map<String, String> plots = linkPlots(results);
    plots.put("gain.svg", gainPlot(results));
    return plots;
  }

  /** Speed-up over {@code lru} against copy share: one line per policy, a point per cell. */
  private static String gainPlot(List<SimulationResult> results) {
    Map<String, Double> reference = new LinkedHashMap<>();
    results.stream()
        .filter(r -> r.policy().equals(REFERENCE))
        .forEach(r -> reference.put(cell(r), r.tokensPerSecond()));
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    for (SimulationResult r : results) {
      Double lru = reference.get(cell(r));
      if (lru != null && !r.policy().equals(REFERENCE)) {
        lines
            .computeIfAbsent(r.policy(), name -> new ArrayList<>())
            .add(new double[] {r.copyShare(), r.tokensPerSecond() / lru});
      }
    }
    return chart(
        "Speed over lru, by copy share (%s)".formatted(origins(results)),
        Axis.of("copy share of lru", 0, 1),
        Axis.of("speed / lru"),
        lines);
  }

  /** Speed against link speed, for cells that differ in nothing else; by file name. */
  private static Map<String, String> linkPlots(List<SimulationResult> results) {
    Map<String, List<SimulationResult>> groups =
        results.stream()
            .collect(
                Collectors.groupingBy(
                    r -> "link-%s-%d".formatted(r.profile().replace(':', '-'), r.budget()),
                    TreeMap::new,
                    Collectors.toList()));
    Map<String, String> plots = new TreeMap<>();
    groups.forEach(
        (name, group) -> {
          if (group.stream().mapToDouble(SimulationResult::linkGbps).distinct().count() > 1) {
            plots.put(name + ".svg", linkPlot(group));
          }
        });
    return plots;
  }

  private static String linkPlot(List<SimulationResult> group) {
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    for (SimulationResult r : group) {
      lines
          .computeIfAbsent(r.policy(), policy -> new ArrayList<>())
          .add(new double[] {r.linkGbps(), r.tokensPerSecond()});
      if (r.policy().equals(REFERENCE)) {
        lines
            .computeIfAbsent("bound", policy -> new ArrayList<>())
            .add(new double[] {r.linkGbps(), r.boundTokensPerSecond()});
      }
    }
    SimulationResult first = group.getFirst();
    return chart(
        "%s, %d of %d experts (%s)"
            .formatted(first.profile(), first.budget(), first.experts(), origins(group)),
        Axis.logarithmic("link, GB/s"),
        Axis.of("tok/s"),
        lines);
  }

  private static String origins(List<SimulationResult> results) {
    return results.stream().map(SimulationResult::origin).distinct().collect(Collectors.joining());
  }

  private static String chart(String title, Axis x, Axis y, Map<String, List<double[]>> lines) {
    List<Series> series = new ArrayList<>();
    lines.forEach(
        (name, points) -> {
          points.sort(Comparator.comparingDouble(point -> point[0]));
          series.add(
              new Series(
                  name,
                  points.stream().mapToDouble(point -> point[0]).toArray(),
                  points.stream().mapToDouble(point -> point[1]).toArray()));
        });
    return new LineChart(
            title, x, y, series.subList(0, Math.min(series.size(), LineChart.MAX_LINES)), true)
        .svg();
  }

  private static String gain(double ratio) {
    return String.format(Locale.ROOT, "%+.1f %%", 100 * (ratio - 1));
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static String decimal(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}

package io.foregate.calibrate;

import io.foregate.gate.train.RecallTable;
import io.foregate.plot.Axis;
import io.foregate.plot.ChartColumn;
import io.foregate.plot.LineChart;
import io.foregate.plot.Series;
import io.foregate.report.Json;
import io.foregate.report.TextFileWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** An {@link RecallReport} as a folder: Markdown, JSON and charts. */
final class RecallDocument {
  private final RecallReport report;
  private final String stem;
  private final Object result;
  private final Map<String, String> facts;

  /**
   * @param stem what the files' names begin with
   * @param result the JSON
   * @param facts of the run, in the order in which they are told
   */
  RecallDocument(RecallReport report, String stem, Object result, Map<String, String> facts) {
    this.report = report;
    this.stem = stem;
    this.result = result;
    this.facts = facts;
  }

  /** Names of the files of a report. */
  static List<String> names(String stem) {
    return List.of(stem + ".json", stem + "-distance.svg", stem + "-layers.svg", stem + ".md");
  }

  /** Writes the folder's files, replacing those of the same names. */
  void write(Path folder) {
    TextFileWriter.write(folder.resolve(stem + ".json"), Json.pretty(result) + "\n");
    TextFileWriter.write(folder.resolve(stem + "-distance.svg"), byDistance().svg());
    TextFileWriter.write(folder.resolve(stem + "-layers.svg"), byLayer().svg());
    TextFileWriter.write(folder.resolve(stem + ".md"), markdown());
  }

  private String text() {
    return report.texts().getLast();
  }

  private LineChart byDistance() {
    List<Series> lines = new ArrayList<>();
    for (String name : report.names()) {
      RecallTable table = report.table(text(), name);
      lines.add(distances(name, j -> table.within(j, false)));
    }
    for (String name : report.names()) {
      RecallTable table = report.table(text(), name);
      lines.add(distances(name + ", 2k", j -> table.within(j, true)));
    }
    return new LineChart(
        "Recall@k (solid) and recall@2k (dashed) by distance, held-out text",
        Axis.of("distance, layers", 1, report.shape().horizon()),
        Axis.of("recall", 0, 1),
        lines,
        true);
  }

  private Series distances(String name, IntToDoubleFunction recall) {
    int horizon = report.shape().horizon();
    var x = new double[horizon];
    var y = new double[horizon];
    for (int j = 1; j <= horizon; j++) {
      x[j - 1] = j;
      y[j - 1] = recall.applyAsDouble(j);
    }
    return new Series(name, x, y);
  }

  private ChartColumn byLayer() {
    return new ChartColumn(
        IntStream.rangeClosed(1, report.shape().horizon()).mapToObj(this::byLayer).toList());
  }

  private LineChart byLayer(int distance) {
    List<Series> lines = new ArrayList<>();
    for (String name : report.names()) {
      lines.add(layers(name, report.table(text(), name), distance, false));
    }
    for (String name : report.names()) {
      lines.add(layers(name + ", 2k", report.table(text(), name), distance, true));
    }
    return new LineChart(
        "Recall@k (solid), recall@2k (dashed) at +%d, held-out text".formatted(distance),
        Axis.of(
            "layer that predicts (-1: the token; the last %d: of the next token)"
                .formatted(distance),
            -1,
            report.shape().layers() - 1),
        Axis.of("recall", 0, 1),
        lines,
        true);
  }

  private Series layers(String name, RecallTable table, int distance, boolean twice) {
    int points = report.shape().points();
    var x = new double[points];
    var y = new double[points];
    for (int p = 0; p < points; p++) {
      x[p] = p - 1;
      y[p] = table.at(p, distance, twice);
    }
    return new Series(name, x, y);
  }

  private String markdown() {
    var out = new StringBuilder("# Recall of lookahead gates\n\n");
    out.append(
        "Written by `foregate align`; every figure is in [%s.json](%s.json).\n\n"
            .formatted(stem, stem));
    out.append("|  |  |\n| --- | --- |\n");
    facts.forEach((name, value) -> out.append("| %s | %s |\n".formatted(name, value)));
    out.append(
        """

        Recall@m: the share of the experts really used that are among the m of the highest scores, k \
        being the router's top-k. All figures are of held-out text, on which nothing was trained. \
        The predictors follow the text token by token as they do in decoding. "Within" is the mean \
        over the layers whose target is a layer of the same token, "next token" over the last \
        layers, whose targets are the next token's first; "token" is what is said of layers 0, 1, .. \
        once the token is known, before layer 0 runs.

        ![By distance](%s-distance.svg)

        ## The gap closed

        The share of the untrained gates' gap to perfect recall@k that alignment closes, within a token.

        """
            .formatted(stem));
    header(out, "text");
    for (String text : report.texts()) {
      row(out, text, j -> report.closed(text, j), "%.1f %%", 100);
    }
    out.append("\n## Recall by text\n");
    for (String text : report.texts()) {
      tableOf(out, text);
    }
    out.append("\n## By layer\n\n![By layer](%s-layers.svg)\n".formatted(stem));
    return out.toString();
  }

  private void tableOf(StringBuilder out, String text) {
    out.append("\n### ").append(text).append("\n\n");
    header(out, "predictor");
    for (boolean twice : new boolean[] {false, true}) {
      String at = twice ? ", recall@2k" : ", recall@k";
      for (String name : report.names()) {
        RecallTable table = report.table(text, name);
        row(out, name + " within" + at, j -> table.within(j, twice), "%.3f", 1);
        row(out, name + " next token" + at, j -> table.crossing(j, twice), "%.3f", 1);
        row(out, name + " token" + at, j -> table.at(0, j, twice), "%.3f", 1);
      }
    }
  }

  private void header(StringBuilder out, String first) {
    out.append("| ").append(first).append(" |");
    for (int j = 1; j <= report.shape().horizon(); j++) {
      out.append(" +").append(j).append(" |");
    }
    out.append("\n| --- |").append(" --- |".repeat(report.shape().horizon())).append('\n');
  }

  private void row(
      StringBuilder out, String name, IntToDoubleFunction value, String format, double factor) {
    out.append("| ").append(name).append(" |");
    for (int j = 1; j <= report.shape().horizon(); j++) {
      double v = value.applyAsDouble(j) * factor;
      out.append(' ')
          .append(Double.isNaN(v) ? "" : String.format(Locale.ROOT, format, v))
          .append(" |");
    }
    out.append('\n');
  }
}

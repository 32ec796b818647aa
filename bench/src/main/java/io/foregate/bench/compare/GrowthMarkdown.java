package io.foregate.bench.compare;

import io.foregate.bench.measure.Report;
import io.foregate.plot.Axis;
import io.foregate.plot.LineChart;
import io.foregate.plot.Series;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** {@link GrowthResult}s for people: a table and a plot each. Made from the samples' file alone. */
final class GrowthMarkdown {
  private GrowthMarkdown() {}

  /** Writes README.md and the plots beside the samples' file. */
  static void write(Path folder) throws IOException {
    List<GrowthResult> results = GrowthResult.read(folder);
    Files.writeString(folder.resolve("README.md"), text(results));
    for (GrowthResult result : results) {
      Files.writeString(folder.resolve(result.sweep() + ".svg"), plot(result).svg());
    }
  }

  static String text(List<GrowthResult> results) {
    var text = new StringBuilder();
    text.append(
        """
        # How speed grows

        Written by `scripts/bench-growth`; the samples are in [%1$s](%1$s). One thing grows, all else stays. Speeds are \
        tokens per second, medians of samples that Foregate and llama.cpp took in turns. The limit is what the memory \
        would allow: the speed of a loop that only reads, over the bytes that a token needs.

        """
            .formatted(GrowthResult.FILE));
    results.forEach(result -> section(text, result));
    return text.toString();
  }

  private static void section(StringBuilder text, GrowthResult result) {
    GrowthSweep sweep = GrowthSweep.named(result.sweep());
    text.append("## %s\n\n".formatted(title(sweep)));
    text.append("![%s](%s.svg)\n\n".formatted(title(sweep), result.sweep()));
    text.append("| %s | Foregate | llama.cpp | ratio | pairs | limit |\n".formatted(sweep.unit()));
    text.append("|---:|---:|---:|---:|---:|---:|\n");
    for (GrowthResult.GrowthSample point : result.points()) {
      Report.Result r = point.result();
      double limit = point.limit();
      text.append(
          String.format(
              Locale.ROOT,
              "| %d | %.1f | %.1f | %.2f | %.2f to %.2f | %s |\n",
              point.size(),
              r.foregateTokensPerSecond(),
              r.llamaCppTokensPerSecond(),
              r.ratio().ofMedians(),
              r.ratio().lowest(),
              r.ratio().highest(),
              Double.isNaN(limit) ? "" : String.format(Locale.ROOT, "%.1f", limit)));
    }
    text.append(
        String.format(
            Locale.ROOT,
            """

            - model: %s; %d threads, KV cache %s; %d pairs of samples
            - machine: %s, %d cores; load %.2f before the run
            - Foregate: commit %s, %s; llama.cpp: %s
            - time: %s

            """,
            result.model(),
            result.settings().threads(),
            result.settings().kvType(),
            result.settings().repetitions(),
            result.machine().cpu(),
            result.machine().cores(),
            result.load(),
            result.commit(),
            result.versions().kernels(),
            result.versions().llamaCpp(),
            result.time()));
  }

  private static String title(GrowthSweep sweep) {
    String work = sweep == GrowthSweep.BATCH ? "Prefill" : "Decode";
    return "%s against %s".formatted(work, sweep.unit());
  }

  static LineChart plot(GrowthResult result) {
    GrowthSweep sweep = GrowthSweep.named(result.sweep());
    List<Series> lines = new ArrayList<>();
    lines.add(line("Foregate", result, point -> point.result().foregateTokensPerSecond()));
    lines.add(line("llama.cpp", result, point -> point.result().llamaCppTokensPerSecond()));
    if (sweep != GrowthSweep.BATCH) {
      lines.add(line("the memory's limit", result, GrowthResult.GrowthSample::limit));
    }
    return new LineChart(
        title(sweep),
        sweep.isLogarithmic() ? Axis.logarithmic(sweep.unit()) : Axis.of(sweep.unit()),
        new Axis("tokens per second", 0, Double.NaN, false),
        lines,
        true);
  }

  private static Series line(
      String name, GrowthResult result, ToDoubleFunction<GrowthResult.GrowthSample> speed) {
    return new Series(
        name,
        result.points().stream().mapToDouble(GrowthResult.GrowthSample::size).toArray(),
        result.points().stream().mapToDouble(speed).toArray());
  }
}

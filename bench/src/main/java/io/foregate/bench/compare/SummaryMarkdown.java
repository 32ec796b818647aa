package io.foregate.bench.compare;

import io.foregate.bench.compare.CompareSummary.Kind;
import io.foregate.bench.compare.CompareSummary.SummaryLine;
import java.util.List;
import java.util.Locale;

/** A {@link CompareSummary} for people. */
final class SummaryMarkdown {
  private SummaryMarkdown() {}

  static String of(CompareSummary summary) {
    var text = new StringBuilder();
    text.append(
        """
        # Foregate and llama.cpp: summary

        Written by `scripts/bench-compare`, from the results beside it; the lines are in [%1$s](%1$s).

        """
            .formatted(CompareSummary.STEM + ".json"));
    text.append(
        """
        %d of %d goals are reached. Goals are of models of 1 GB and more. `almost`: the ratio is below the goal, but not \
        below what a single result may be. The pairs' column is the range of single pairs of samples.

        """
            .formatted(summary.reached(), summary.goals()));
    table(text, summary, Kind.LLAMA_CPP, "Beside llama.cpp", "Foregate tok/s | llama.cpp tok/s");
    table(
        text,
        summary,
        Kind.READ_LOOP,
        "Decode against a loop that only reads",
        "Foregate GB/s | read loop GB/s");
    table(
        text,
        summary,
        Kind.FEWER_BITS,
        "Decode of fewer bits against Q4_K",
        "Foregate tok/s | of Q4_K tok/s");
    text.append("Measured on:\n\n");
    summary.runs().forEach(run -> text.append("- ").append(run).append('\n'));
    return text.toString();
  }

  private static void table(
      StringBuilder text, CompareSummary summary, Kind kind, String title, String sides) {
    List<SummaryLine> lines = summary.lines().stream().filter(line -> line.kind() == kind).toList();
    if (lines.isEmpty()) {
      return;
    }
    text.append("## %s\n\n".formatted(title));
    text.append("| model | test | %s | ratio | pairs | goal | reached |\n".formatted(sides));
    text.append("|---|---|---:|---:|---:|---:|---:|---|\n");
    for (SummaryLine line : lines) {
      text.append(
          String.format(
              Locale.ROOT,
              "| [%s](%s.md) | %s | %.1f | %.1f | %.2f | %.2f to %.2f | %s |\n",
              line.result().replaceFirst("^compare-", ""),
              line.result(),
              line.test(),
              line.ours(),
              line.other(),
              line.ratio().ofMedians(),
              line.ratio().lowest(),
              line.ratio().highest(),
              verdict(line)));
    }
    text.append('\n');
  }

  private static String verdict(SummaryLine line) {
    return line.goal() == null
        ? " | "
        : String.format(
            Locale.ROOT,
            "%.2f | %s",
            line.goal().ratio(),
            line.reached().name().toLowerCase(Locale.ROOT));
  }
}

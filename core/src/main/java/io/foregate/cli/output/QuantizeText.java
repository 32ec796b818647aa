package io.foregate.cli.output;

import io.foregate.quantize.QuantizeReport;
import io.foregate.report.Sizes;
import io.foregate.report.Table;
import java.util.Locale;
import java.util.Map;

/** A {@link QuantizeReport} for people. */
public final class QuantizeText {
  private QuantizeText() {}

  /** A sentence, and a table of the model's parts. */
  public static String of(QuantizeReport report) {
    var table = new Table("  ", "lrrrrl");
    table.row("part", "tensors", "weights", "bits/weight", "rel. error", "types");
    report
        .parts()
        .forEach(
            (name, part) ->
                table.row(
                    name,
                    part.types().values().stream().mapToInt(Integer::intValue).sum(),
                    Sizes.count(part.weights()),
                    "%.2f".formatted(part.bitsPerWeight()),
                    String.format(Locale.ROOT, "%.4f", part.relativeError()),
                    types(part.types())));
    long fallbacks = report.tensors().stream().filter(t -> !t.wanted().equals(t.after())).count();
    String fallback =
        fallbacks == 0
            ? ""
            : "  %d tensors have rows that the blocks of %s do not divide: they became %s.%n"
                .formatted(fallbacks, names(report, true), names(report, false));
    String shards =
        report.shards() > 1 ? "the first of %d shards, ".formatted(report.shards()) : "";
    return "%s: %s%s, %s -> %s, %.2f bits per weight%n"
            .formatted(
                report.model(),
                shards,
                changes(report),
                Sizes.text(report.bytesBefore()),
                Sizes.text(report.bytesAfter()),
                report.bitsPerWeight())
        + (report.changed() == 0 ? "" : table)
        + fallback;
  }

  private static String changes(QuantizeReport report) {
    return report.changed() == 0
        ? "all %d tensors kept".formatted(report.kept())
        : "%d tensors %s -> %s, %d others kept"
            .formatted(
                report.changed(),
                String.join(", ", report.typesBefore().keySet()),
                String.join(", ", report.typesAfter().keySet()),
                report.kept());
  }

  private static String names(QuantizeReport report, boolean wanted) {
    return String.join(
        ", ",
        report.tensors().stream()
            .filter(t -> !t.wanted().equals(t.after()))
            .map(t -> wanted ? t.wanted() : t.after())
            .distinct()
            .toList());
  }

  private static String types(Map<String, Integer> types) {
    return String.join(
        ", ", types.entrySet().stream().map(e -> e.getKey() + " x" + e.getValue()).toList());
  }
}

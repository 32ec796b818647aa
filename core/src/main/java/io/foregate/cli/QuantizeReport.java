package io.foregate.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code quantize} did; the schema of {@code --json} and {@code --report}.
 *
 * @param typesBefore numbers of changed tensors by type
 * @param bitsPerWeight of the whole file's tensors
 * @param tensors the changed ones
 */
record QuantizeReport(
    String model,
    String source,
    String method,
    String imatrix,
    Map<String, Integer> typesBefore,
    Map<String, Integer> typesAfter,
    int changed,
    int kept,
    long bytesBefore,
    long bytesAfter,
    double bitsPerWeight,
    double seconds,
    Map<String, Part> parts,
    List<Tensor> tensors) {

  /**
   * @param wanted the type that was asked for; another one where its blocks do not divide the rows
   * @param relativeError root of the squared errors' sum over that of the squared weights
   * @param greatestError largest difference of a weight
   */
  record Tensor(
      String name,
      String part,
      String before,
      String wanted,
      String after,
      long weights,
      long bytes,
      double bitsPerWeight,
      double relativeError,
      double greatestError) {}

  /** All changed tensors of a part of the model together. */
  record Part(
      Map<String, Integer> types,
      long weights,
      long bytes,
      double bitsPerWeight,
      double relativeError) {

    private static Part of(List<Tensor> tensors) {
      Map<String, Integer> types = new TreeMap<>();
      long weights = 0;
      long bytes = 0;
      double squares = 0;
      for (Tensor tensor : tensors) {
        types.merge(tensor.after(), 1, Integer::sum);
        weights += tensor.weights();
        bytes += tensor.bytes();
        // Tensors of a part are of about equal size: the mean of their relative squares.
        squares += tensor.relativeError() * tensor.relativeError() * tensor.weights();
      }
      return new Part(types, weights, bytes, 8.0 * bytes / weights, Math.sqrt(squares / weights));
    }
  }

  static Map<String, Part> parts(List<Tensor> tensors) {
    Map<String, Part> parts = new LinkedHashMap<>();
    for (TensorPart part : TensorPart.values()) {
      List<Tensor> own = tensors.stream().filter(t -> t.part().equals(part.label())).toList();
      if (!own.isEmpty()) {
        parts.put(part.label(), Part.of(own));
      }
    }
    return parts;
  }

  static Map<String, Integer> count(List<String> types) {
    Map<String, Integer> counts = new TreeMap<>();
    types.forEach(type -> counts.merge(type, 1, Integer::sum));
    return counts;
  }

  /** The same for people. */
  String text() {
    var table = new Table("  ", "lrrrrl");
    table.row("part", "tensors", "weights", "bits/weight", "rel. error", "types");
    parts.forEach(
        (name, part) ->
            table.row(
                name,
                part.types().values().stream().mapToInt(Integer::intValue).sum(),
                Sizes.count(part.weights()),
                "%.2f".formatted(part.bitsPerWeight()),
                String.format(Locale.ROOT, "%.4f", part.relativeError()),
                types(part.types())));
    long fallbacks = tensors.stream().filter(t -> !t.wanted().equals(t.after())).count();
    String fallback =
        fallbacks == 0
            ? ""
            : "  %d tensors have rows that the blocks of %s do not divide: they became %s.%n"
                .formatted(fallbacks, names(true), names(false));
    return "%s: %d tensors %s -> %s, %d others kept, %s -> %s, %.2f bits per weight%n"
            .formatted(
                model,
                changed,
                String.join(", ", typesBefore.keySet()),
                String.join(", ", typesAfter.keySet()),
                kept,
                Sizes.text(bytesBefore),
                Sizes.text(bytesAfter),
                bitsPerWeight)
        + table
        + fallback;
  }

  private String names(boolean wanted) {
    return String.join(
        ", ",
        tensors.stream()
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

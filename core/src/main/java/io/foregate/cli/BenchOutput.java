package io.foregate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Prints results of {@code bench} as they come, as llama-bench prints them. Whatever ends it,
 * {@link #close} completes the format, so that the results so far can be read.
 */
final class BenchOutput implements AutoCloseable {
  private static final List<String> COLUMNS =
      List.of("model", "size", "params", "backend", "threads", "test", "t/s");
  private static final int[] WIDTHS = {30, 10, 10, 10, 7, 15, 20};

  private final Terminal terminal;
  private final BenchFormat format;
  private int printed;

  private BenchOutput(Terminal terminal, BenchFormat format) {
    this.terminal = terminal;
    this.format = format;
  }

  /** Prints what comes before the first result. */
  static BenchOutput begin(Terminal terminal, BenchFormat format) {
    if (format == BenchFormat.MD) {
      terminal.println(markdown(COLUMNS));
      terminal.println(rule());
    } else if (format == BenchFormat.JSON) {
      terminal.print("[");
    }
    return new BenchOutput(terminal, format);
  }

  void result(BenchResult result) {
    switch (format) {
      case MD -> terminal.println(markdown(cells(result)));
      case JSONL -> terminal.println(Json.line(result));
      case JSON -> terminal.print((printed == 0 ? "\n" : ",\n") + Json.pretty(result));
      case CSV -> {
        JsonNode fields = Json.tree(result);
        if (printed == 0) {
          terminal.println(scalars(fields, false));
        }
        terminal.println(scalars(fields, true));
      }
    }
    printed++;
  }

  /** Prints what comes after the last result. */
  @Override
  public void close() {
    if (format == BenchFormat.JSON) {
      terminal.println("\n]");
    }
  }

  private static List<String> cells(BenchResult result) {
    return List.of(
        result.modelType(),
        Sizes.text(result.modelSize()),
        Sizes.count(result.modelNParams()),
        result.backends(),
        Integer.toString(result.nThreads()),
        result.test(),
        String.format(Locale.ROOT, "%.2f ± %.2f", result.avgTs(), result.stddevTs()));
  }

  private static String markdown(List<String> cells) {
    var line = new StringBuilder("|");
    for (int i = 0; i < WIDTHS.length; i++) {
      String cell = cells.get(i).replace("|", "\\|");
      String padding = " ".repeat(Math.max(0, WIDTHS[i] - cell.length()));
      line.append(' ').append(isText(i) ? cell + padding : padding + cell).append(" |");
    }
    return line.toString();
  }

  private static String rule() {
    var line = new StringBuilder("|");
    for (int i = 0; i < WIDTHS.length; i++) {
      line.append(' ').append("-".repeat(WIDTHS[i] - 1)).append(isText(i) ? "- |" : ": |");
    }
    return line.toString();
  }

  /** Model and backend are words, flush left; the rest are figures. */
  private static boolean isText(int column) {
    return column == 0 || column == 3;
  }

  /** A line of CSV: the names or the values of all fields that are no arrays. */
  private static String scalars(JsonNode fields, boolean values) {
    return fields.properties().stream()
        .filter(field -> field.getValue().isValueNode())
        .map(field -> values ? field.getValue().asText() : field.getKey())
        .map(text -> values ? '"' + text.replace("\"", "\"\"") + '"' : text)
        .collect(Collectors.joining(","));
  }
}

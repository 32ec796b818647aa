package io.foregate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Prints results of {@code bench} as they come, as llama-bench prints them. */
final class BenchOutput {
  private static final List<String> COLUMNS =
      List.of("model", "size", "params", "backend", "threads", "test", "t/s");
  private static final int[] WIDTHS = {30, 10, 10, 10, 7, 15, 20};

  private final Terminal terminal;
  private final BenchFormat format;
  private int printed;

  BenchOutput(Terminal terminal, BenchFormat format) {
    this.terminal = terminal;
    this.format = format;
  }

  /** What comes before the first result. */
  void begin() {
    if (format == BenchFormat.MD) {
      terminal.println(markdown(COLUMNS));
      terminal.println(rule());
    } else if (format == BenchFormat.JSON) {
      terminal.print("[");
    }
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

  /** What comes after the last result. */
  void end() {
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

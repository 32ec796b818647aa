package io.foregate.cli.output;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.cli.flag.NumberRange;
import io.foregate.cli.terminal.Terminal;
import io.foregate.evaluate.SpeedResult;
import io.foregate.report.Json;
import io.foregate.report.Sizes;
import io.foregate.schedule.policy.Policy;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Prints results of {@code bench} as they come, as llama-bench prints them. Whatever ends it,
 * {@link #close} completes the format, so that the results so far can be read.
 */
public final class BenchOutput implements AutoCloseable {
  /**
   * A column of the table for people.
   *
   * @param isText flush left; figures are flush right
   */
  private record Column(
      String name, int width, boolean isText, Function<SpeedResult, String> cell) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("model", 30, true, SpeedResult::modelType),
          new Column("size", 10, false, result -> Sizes.text(result.modelSize())),
          new Column("params", 10, false, result -> Sizes.count(result.modelNParams())),
          new Column("backend", 10, true, r -> r.backends() + ": " + r.devices()),
          new Column("threads", 7, false, result -> Integer.toString(result.nThreads())),
          new Column("policy", 18, true, SpeedResult::policy),
          new Column("slots", 8, false, BenchOutput::slots),
          new Column("link GB/s", 9, false, BenchOutput::link),
          new Column("test", 15, false, SpeedResult::test),
          new Column("t/s", 20, false, BenchOutput::speed));

  /** Columns that say something only where experts move. */
  private static final Set<String> OF_MOVES = Set.of("policy", "slots", "link GB/s");

  private final Terminal terminal;
  private final BenchFormat format;
  private final List<Column> columns;
  private int printed;

  private BenchOutput(Terminal terminal, BenchFormat format, List<Column> columns) {
    this.terminal = terminal;
    this.format = format;
    this.columns = columns;
  }

  /**
   * Prints what comes before the first result.
   *
   * @param withPolicy whether the table for people says how experts move
   */
  public static BenchOutput begin(Terminal terminal, BenchFormat format, boolean withPolicy) {
    List<Column> columns =
        COLUMNS.stream().filter(c -> withPolicy || !OF_MOVES.contains(c.name())).toList();
    var output = new BenchOutput(terminal, format, columns);
    if (format == BenchFormat.MD) {
      terminal.println(output.markdown(Column::name));
      terminal.println(output.rule());
    } else if (format == BenchFormat.JSON) {
      terminal.print("[");
    }
    return output;
  }

  public void result(SpeedResult result) {
    switch (format) {
      case MD -> terminal.println(markdown(column -> column.cell().apply(result)));
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

  private static String slots(SpeedResult result) {
    return isResident(result) ? "all" : result.expertSlots();
  }

  private static String link(SpeedResult result) {
    boolean none = isResident(result) || result.linkGbps() == 0;
    return none ? "" : NumberRange.text(result.linkGbps());
  }

  private static boolean isResident(SpeedResult result) {
    return result.policy().equals(Policy.resident().name());
  }

  private static String speed(SpeedResult result) {
    return String.format(Locale.ROOT, "%.2f ± %.2f", result.avgTs(), result.stddevTs());
  }

  private String markdown(Function<Column, String> cells) {
    var line = new StringBuilder("|");
    for (Column column : columns) {
      String cell = cells.apply(column).replace("|", "\\|");
      String padding = " ".repeat(Math.max(0, column.width() - cell.length()));
      line.append(' ').append(column.isText() ? cell + padding : padding + cell).append(" |");
    }
    return line.toString();
  }

  private String rule() {
    var line = new StringBuilder("|");
    for (Column column : columns) {
      line.append(' ').append("-".repeat(column.width() - 1));
      line.append(column.isText() ? "- |" : ": |");
    }
    return line.toString();
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

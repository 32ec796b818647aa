package io.foregate.report;

import java.util.ArrayList;
import java.util.List;

/** Lines of text in columns, for people. The first column is flush left, the others as told. */
public final class Table {
  private final String indent;
  private final boolean[] alignRight;
  private final List<String[]> rows = new ArrayList<>();

  /**
   * @param indent what every line begins with
   * @param columns one letter each: {@code l} flush left, {@code r} flush right
   */
  public Table(String indent, String columns) {
    this.indent = indent;
    this.alignRight = new boolean[columns.length()];
    for (int i = 0; i < alignRight.length; i++) {
      alignRight[i] = columns.charAt(i) == 'r';
    }
  }

  /** Text on one line: a file must not move the cursor of whoever prints what it says. */
  public static String oneLine(String text) {
    return text.replace("\n", "\\n").replaceAll("\\p{Cntrl}", "?");
  }

  /** Adds a row; it must have one cell per column. */
  public Table row(Object... cells) {
    if (cells.length != alignRight.length) {
      throw new IllegalArgumentException(cells.length + " cells, expected " + alignRight.length);
    }
    var row = new String[cells.length];
    for (int i = 0; i < cells.length; i++) {
      row[i] = String.valueOf(cells[i]);
    }
    rows.add(row);
    return this;
  }

  @Override
  public String toString() {
    var width = new int[alignRight.length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        width[i] = Math.max(width[i], row[i].length());
      }
    }
    var text = new StringBuilder();
    for (String[] row : rows) {
      var line = new StringBuilder(indent);
      for (int i = 0; i < row.length; i++) {
        String padding = " ".repeat(width[i] - row[i].length());
        line.append(i == 0 ? "" : "  ");
        line.append(alignRight[i] ? padding + row[i] : row[i] + padding);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}

package io.foregate.template.operation;

import io.foregate.template.value.Budget;
import java.util.ArrayList;
import java.util.List;

/** Python's {@code textwrap.wrap}, as {@code wordwrap} calls it: tabs and spaces stay. */
public final class Wrapping {
  private static final String SPACES = "\t\n\u000b\f\r ";

  private final int width;
  private final boolean breakWords;
  private final Budget budget;
  private final List<String> lines = new ArrayList<>();

  private Wrapping(int width, boolean breakWords, Budget budget) {
    this.width = width;
    this.breakWords = breakWords;
    this.budget = budget;
  }

  /** A line in lines of at most a width. */
  public static List<String> wrap(
      String line, int width, boolean breakWords, boolean breakHyphens, Budget budget) {
    if (width <= 0) {
      throw io.foregate.template.TemplateException.of(
          "invalid width %d (must be > 0)".formatted(width));
    }
    budget.text(8L * line.length());
    var wrapping = new Wrapping(width, breakWords, budget);
    wrapping.fill(chunks(line, breakHyphens));
    return wrapping.lines;
  }

  private static boolean isSpace(char c) {
    return SPACES.indexOf(c) >= 0;
  }

  /** Words and what is between them; a word ends after a hyphen between letters too. */
  private static List<String> chunks(String line, boolean breakHyphens) {
    var chunks = new ArrayList<String>();
    int at = 0;
    while (at < line.length()) {
      int end = at + 1;
      boolean space = isSpace(line.charAt(at));
      while (end < line.length()
          && isSpace(line.charAt(end)) == space
          && !(breakHyphens && !space && isBreak(line, at, end))) {
        end++;
      }
      chunks.add(line.substring(at, end));
      at = end;
    }
    return chunks;
  }

  private static boolean isBreak(String line, int begin, int at) {
    return line.charAt(at - 1) == '-'
        && at - begin >= 3
        && isLetter(line.charAt(at - 2))
        && isLetter(line.charAt(at - 3))
        && at + 1 < line.length()
        && isLetter(line.charAt(at))
        && (isLetter(line.charAt(at + 1)) || line.charAt(at + 1) == '-');
  }

  private static boolean isLetter(char c) {
    return Character.isLetter(c) || c == '_';
  }

  private void fill(List<String> chunks) {
    int next = 0;
    String rest = null; // of a word that was broken
    while (next < chunks.size() || rest != null) {
      budget.step();
      var line = new ArrayList<String>();
      int size = 0;
      if (rest == null && !lines.isEmpty() && chunks.get(next).isBlank()) {
        next++;
        if (next == chunks.size()) {
          return;
        }
      }
      while (next < chunks.size() || rest != null) {
        String chunk = rest != null ? rest : chunks.get(next);
        int length = length(chunk);
        if (size + length > width) {
          break;
        }
        line.add(chunk);
        size += length;
        next += rest == null ? 1 : 0;
        rest = null;
      }
      String chunk = rest != null ? rest : next < chunks.size() ? chunks.get(next) : "";
      if (length(chunk) > width) {
        next += rest == null ? 1 : 0;
        rest = broken(chunk, line, size);
      }
      finish(line);
    }
  }

  /** Puts as much of a word into a line as fits, or all of it; returns what is left, or null. */
  private String broken(String word, List<String> line, int size) {
    if (breakWords) {
      int room = width < 1 ? 1 : width - size;
      int cut = word.offsetByCodePoints(0, Math.min(room, length(word)));
      line.add(word.substring(0, cut));
      return word.substring(cut);
    }
    if (line.isEmpty()) {
      line.add(word);
      return null;
    }
    return word;
  }

  private void finish(List<String> line) {
    if (!line.isEmpty() && line.getLast().isBlank()) {
      line.removeLast();
    }
    if (!line.isEmpty()) {
      lines.add(Text.join("", line, budget));
    }
  }

  private int length(String s) {
    budget.scan(s.length());
    return s.codePointCount(0, s.length());
  }
}

package io.foregate.template.operation;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Budget;
import io.foregate.template.value.TextBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/** What Python's methods of texts do. */
public final class Text {
  private Text() {}

  /** Without characters at its ends: white space, or those of a set. */
  public static String strip(String s, String set, boolean left, boolean right, Budget budget) {
    budget.scan(s.length());
    IntPredicate stripped = set == null ? Chars::isSpace : in(set, budget);
    int begin = 0;
    int end = s.length();
    while (left && begin < end && stripped.test(s.codePointAt(begin))) {
      begin += Character.charCount(s.codePointAt(begin));
    }
    while (right && end > begin && stripped.test(s.codePointBefore(end))) {
      end -= Character.charCount(s.codePointBefore(end));
    }
    return part(s, begin, end, budget);
  }

  private static IntPredicate in(String set, Budget budget) {
    return c -> {
      budget.scan(set.length());
      return set.indexOf(c) >= 0;
    };
  }

  /** A part of a text, in UTF-16 units. */
  private static String part(String s, int begin, int end, Budget budget) {
    if (begin == 0 && end == s.length()) {
      return s;
    }
    budget.text(end - begin);
    return s.substring(begin, end);
  }

  /** The parts between white space, in at most so many cuts; a negative number means all. */
  public static List<String> split(String s, int most, Budget budget) {
    var parts = new ArrayList<String>();
    budget.scan(s.length());
    int at = Chars.skipSpaces(s, 0);
    while (at < s.length()) {
      int end = at;
      if (most >= 0 && parts.size() == most) {
        end = s.length();
      }
      while (end < s.length() && !Chars.isSpace(s.charAt(end))) {
        end++;
      }
      add(parts, s, at, end, budget);
      at = Chars.skipSpaces(s, end);
    }
    return parts;
  }

  /** As {@link #split}, from the end. */
  public static List<String> splitFromEnd(String s, int most, Budget budget) {
    var parts = new ArrayList<String>();
    budget.scan(s.length());
    int end = Chars.trimmedEnd(s, 0, s.length());
    while (end > 0) {
      int at = end;
      if (most >= 0 && parts.size() == most) {
        at = 0;
      }
      while (at > 0 && !Chars.isSpace(s.charAt(at - 1))) {
        at--;
      }
      add(parts, s, at, end, budget);
      end = Chars.trimmedEnd(s, 0, at);
    }
    return parts.reversed();
  }

  private static void add(List<String> parts, String s, int begin, int end, Budget budget) {
    budget.bytes(16);
    budget.text(end - begin);
    parts.add(s.substring(begin, end));
  }

  /** The parts between separators. */
  public static List<String> split(String s, String separator, int most, Budget budget) {
    var needle = separator(separator, budget);
    var parts = new ArrayList<String>();
    int at = 0;
    while (most < 0 || parts.size() < most) {
      int found = needle.in(s, at);
      if (found < 0) {
        break;
      }
      add(parts, s, at, found, budget);
      at = found + separator.length();
    }
    add(parts, s, at, s.length(), budget);
    return parts;
  }

  /** As {@link #split(String, String, int, Budget)}, from the end. */
  public static List<String> splitFromEnd(String s, String separator, int most, Budget budget) {
    var needle = separator(separator, budget);
    var parts = new ArrayList<String>();
    int end = s.length();
    while (most < 0 || parts.size() < most) {
      int found = needle.lastIn(s, end);
      if (found < 0) {
        break;
      }
      add(parts, s, found + separator.length(), end, budget);
      end = found;
    }
    add(parts, s, 0, end, budget);
    return parts.reversed();
  }

  private static Needle separator(String separator, Budget budget) {
    if (separator.isEmpty()) {
      throw TemplateException.of("empty separator");
    }
    return new Needle(separator, budget);
  }

  /** What is before the first separator (or the last), itself, and what is after it. */
  public static List<String> partition(String s, String separator, boolean last, Budget budget) {
    Needle needle = separator(separator, budget);
    int found = last ? needle.lastIn(s, s.length()) : needle.in(s, 0);
    if (found < 0) {
      return last ? List.of("", "", s) : List.of(s, "", "");
    }
    return List.of(
        part(s, 0, found, budget),
        separator,
        part(s, found + separator.length(), s.length(), budget));
  }

  /** Its lines, with what ends them if that is wanted. */
  public static List<String> lines(String s, boolean keepEnds, Budget budget) {
    var lines = new ArrayList<String>();
    budget.scan(s.length());
    int at = 0;
    while (at < s.length()) {
      int end = at;
      while (end < s.length() && !Chars.isLineEnd(s.charAt(end))) {
        end++;
      }
      int next = s.startsWith("\r\n", end) ? end + 2 : Math.min(end + 1, s.length());
      add(lines, s, at, keepEnds ? next : end, budget);
      at = next;
    }
    return lines;
  }

  /** With another text in place of one, at most so many times; a negative number means all. */
  public static String replace(String s, String old, String by, int most, Budget budget) {
    if (old.isEmpty()) {
      return interleave(s, by, most, budget);
    }
    var needle = new Needle(old, budget);
    int found = most == 0 ? -1 : needle.in(s, 0);
    if (found < 0) {
      return s;
    }
    var out = new TextBuilder(budget);
    int done = 0;
    for (int count = 0; found >= 0 && (most < 0 || count < most); count++) {
      out.append(s, done, found).append(by);
      done = found + old.length();
      found = needle.in(s, done);
    }
    return out.append(s, done, s.length()).toString();
  }

  private static String interleave(String s, String by, int most, Budget budget) {
    var out = new TextBuilder(budget);
    int at = 0;
    for (int count = 0; most < 0 || count < most; count++) {
      out.append(by);
      if (at == s.length()) {
        break;
      }
      int point = s.codePointAt(at);
      out.append(point);
      at += Character.charCount(point);
    }
    return out.append(s, at, s.length()).toString();
  }

  /** How often another text is in it, without overlap. */
  public static int count(String s, String part, Budget budget) {
    if (part.isEmpty()) {
      budget.scan(s.length());
      return s.codePointCount(0, s.length()) + 1;
    }
    var needle = new Needle(part, budget);
    int count = 0;
    for (int at = needle.in(s, 0); at >= 0; at = needle.in(s, at + part.length())) {
      count++;
    }
    return count;
  }

  public static String upper(String s, Budget budget) {
    budget.text(2L * s.length());
    budget.steps(s.length() / 4);
    return s.toUpperCase(Locale.ROOT);
  }

  public static String lower(String s, Budget budget) {
    budget.text(2L * s.length());
    budget.steps(s.length() / 4);
    return s.toLowerCase(Locale.ROOT);
  }

  /** For comparing without regard to case. */
  public static String fold(String s, Budget budget) {
    return lower(upper(lower(s, budget), budget), budget).replace('ς', 'σ');
  }

  /** The first character as it begins a title, the others small. */
  public static String capitalize(String s, Budget budget) {
    if (s.isEmpty()) {
      return s;
    }
    int first = s.codePointAt(0);
    String begin = Character.toString(first);
    String rest = lower(s, budget).substring(begin.toLowerCase(Locale.ROOT).length());
    budget.text(s.length());
    return titled(first) + rest;
  }

  private static String titled(int point) {
    String upper = Character.toString(point).toUpperCase(Locale.ROOT);
    if (upper.codePointCount(0, upper.length()) > 1) {
      int first = Character.charCount(upper.codePointAt(0));
      return upper.substring(0, first) + upper.substring(first).toLowerCase(Locale.ROOT);
    }
    return Character.toString(Character.toTitleCase(point));
  }

  /** Every word as {@link #capitalize} writes it. */
  public static String title(String s, Budget budget) {
    String lower = lower(s, budget);
    boolean sameLength = lower.length() == s.length();
    var out = new TextBuilder(budget);
    boolean inWord = false;
    for (int i = 0; i < s.length(); ) {
      int point = s.codePointAt(i);
      if (!inWord) {
        out.append(titled(point));
      } else if (sameLength) {
        out.append(lower.codePointAt(i));
      } else {
        out.append(Character.toString(point).toLowerCase(Locale.ROOT));
      }
      inWord = isCased(point);
      i += Character.charCount(point);
    }
    return out.toString();
  }

  /** Small for capital, capital for small. */
  public static String swapCase(String s, Budget budget) {
    String lower = lower(s, budget);
    boolean sameLength = lower.length() == s.length();
    var out = new TextBuilder(budget);
    for (int i = 0; i < s.length(); ) {
      int point = s.codePointAt(i);
      String one = Character.toString(point);
      if (Character.isUpperCase(point)) {
        out.append(
            sameLength ? Character.toString(lower.codePointAt(i)) : one.toLowerCase(Locale.ROOT));
      } else {
        out.append(Character.isLowerCase(point) ? one.toUpperCase(Locale.ROOT) : one);
      }
      i += Character.charCount(point);
    }
    return out.toString();
  }

  static boolean isCased(int point) {
    return Character.isUpperCase(point)
        || Character.isLowerCase(point)
        || Character.isTitleCase(point);
  }

  /** With spaces in place of tabs. */
  public static String expandTabs(String s, int size, Budget budget) {
    var out = new TextBuilder(budget);
    int column = 0;
    for (int i = 0; i < s.length(); ) {
      int point = s.codePointAt(i);
      i += Character.charCount(point);
      if (point == '\t') {
        int width = size > 0 ? size - column % size : 0;
        out.repeat(" ", width);
        column += width;
      } else {
        out.append(point);
        column = point == '\n' || point == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }

  /** Texts with another between them. */
  public static String join(String separator, Iterable<String> parts, Budget budget) {
    var out = new TextBuilder(budget);
    boolean first = true;
    for (String part : parts) {
      out.append(first ? "" : separator).append(part);
      first = false;
    }
    return out.toString();
  }
}

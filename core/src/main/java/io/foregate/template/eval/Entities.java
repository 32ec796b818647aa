package io.foregate.template.eval;

import io.foregate.template.value.Budget;
import io.foregate.template.value.TextBuilder;
import java.util.Map;

/** HTML's characters by name or number: those that escaping makes, and the commonest others. */
final class Entities {
  private static final int LONGEST = 10;
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("amp", "&"),
          Map.entry("lt", "<"),
          Map.entry("gt", ">"),
          Map.entry("quot", "\""),
          Map.entry("apos", "'"),
          Map.entry("nbsp", "\u00a0"),
          Map.entry("copy", "\u00a9"),
          Map.entry("hellip", "\u2026"),
          Map.entry("mdash", "\u2014"),
          Map.entry("ndash", "\u2013"));

  private Entities() {}

  static String unescape(String s, Budget budget) {
    var out = new TextBuilder(budget);
    int at = 0;
    for (int and = s.indexOf('&'); and >= 0; and = s.indexOf('&', and + 1)) {
      int end = s.indexOf(';', and, Math.min(s.length(), and + LONGEST));
      String character = end < 0 ? null : character(s.substring(and + 1, end));
      if (character != null) {
        out.append(s, at, and).append(character);
        at = end + 1;
      }
    }
    return out.append(s, at, s.length()).toString();
  }

  private static String character(String name) {
    if (!name.startsWith("#")) {
      return NAMES.get(name);
    }
    boolean hex = name.startsWith("#x") || name.startsWith("#X");
    try {
      int point = Integer.parseInt(name.substring(hex ? 2 : 1), hex ? 16 : 10);
      return Character.isValidCodePoint(point) && point > 0 ? Character.toString(point) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }
}

package io.foregate.template.operation;

import io.foregate.template.value.Budget;
import io.foregate.template.value.Int;
import io.foregate.template.value.Numbers;
import java.math.BigInteger;
import java.util.Locale;

/** Python's {@code int(text, base)} and {@code float(text)}. */
public final class Parsing {
  private Parsing() {}

  /** The integer that a text is, or null. */
  public static Int integer(String text, int base, Budget budget) {
    String digits = Text.strip(text, null, true, true, budget).toLowerCase(Locale.ROOT);
    boolean negative = digits.startsWith("-");
    digits = negative || digits.startsWith("+") ? digits.substring(1) : digits;
    int radix = base;
    if (base != 0 && (base < 2 || base > 36)) {
      return null;
    }
    String prefix = digits.length() > 1 ? digits.substring(0, 2) : "";
    int meant = prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : prefix.equals("0b") ? 2 : 0;
    if (meant != 0 && (base == 0 || base == meant)) {
      radix = meant;
      digits = digits.substring(digits.startsWith("_", 2) ? 3 : 2);
    } else if (base == 0) {
      radix = 10;
      if (digits.startsWith("0") && !digits.chars().allMatch(c -> c == '0' || c == '_')) {
        return null;
      }
    }
    return digits(digits, radix, negative, budget);
  }

  private static Int digits(String text, int radix, boolean negative, Budget budget) {
    boolean spaced = text.startsWith("_") || text.endsWith("_") || text.contains("__");
    String digits = text.replace("_", "");
    boolean valid =
        !spaced
            && !digits.isEmpty()
            && digits.length() <= Numbers.MAX_DIGITS
            && digits.codePoints().allMatch(c -> Character.digit(c, radix) >= 0 && !isWide(c));
    if (!valid) {
      return null;
    }
    budget.steps(digits.length() * (long) digits.length() / 64);
    budget.bytes(8L * digits.length());
    var value = new BigInteger(digits, radix);
    return Int.of(negative ? value.negate() : value);
  }

  /** Letters of double width, which Java takes for digits. */
  private static boolean isWide(int c) {
    return c >= 0xff21 && c <= 0xff5a;
  }

  /** The float that a text is, or null. */
  public static Double real(String text, Budget budget) {
    String s = Text.strip(text, null, true, true, budget);
    budget.steps(8L * s.length());
    budget.bytes(16L * s.length());
    boolean spaced = s.startsWith("_") || s.endsWith("_") || s.contains("__");
    String plain = spaced ? s : withoutUnderscores(s);
    String bare = plain.startsWith("-") || plain.startsWith("+") ? plain.substring(1) : plain;
    return switch (bare.toLowerCase(Locale.ROOT)) {
      case "inf", "infinity" ->
          plain.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      case "nan" -> Double.NaN;
      default -> isDecimal(bare) ? Double.valueOf(ascii(plain)) : null;
    };
  }

  /** Underscores go where they stand between digits. */
  private static String withoutUnderscores(String s) {
    var out = new StringBuilder();
    for (int i = 0; i < s.length(); i++) {
      boolean between =
          s.charAt(i) == '_'
              && Character.isDigit(s.charAt(i - 1))
              && Character.isDigit(s.charAt(i + 1));
      if (!between) {
        out.append(s.charAt(i));
      }
    }
    return out.toString();
  }

  private static String ascii(String s) {
    var out = new StringBuilder();
    s.codePoints()
        .forEach(
            c -> {
              if (Character.isDigit(c)) {
                out.append(Character.digit(c, 10));
              } else {
                out.appendCodePoint(c);
              }
            });
    return out.toString();
  }

  /** Digits, perhaps with a point and an exponent. */
  private static boolean isDecimal(String s) {
    int at = digits(s, 0);
    int digits = at;
    if (at < s.length() && s.charAt(at) == '.') {
      int end = digits(s, at + 1);
      digits += end - at - 1;
      at = end;
    }
    if (digits > 0 && at < s.length() && (s.charAt(at) == 'e' || s.charAt(at) == 'E')) {
      int begin = at + 1;
      begin += begin < s.length() && "+-".indexOf(s.charAt(begin)) >= 0 ? 1 : 0;
      int end = digits(s, begin);
      at = end > begin ? end : at;
    }
    return digits > 0 && at == s.length();
  }

  private static int digits(String s, int from) {
    int at = from;
    while (at < s.length() && Character.isDigit(s.codePointAt(at))) {
      at += Character.charCount(s.codePointAt(at));
    }
    return at;
  }
}

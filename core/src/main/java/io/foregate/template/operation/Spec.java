package io.foregate.template.operation;

import io.foregate.template.value.Budget;
import io.foregate.template.value.Int;
import io.foregate.template.value.Printer;
import io.foregate.template.value.TextBuilder;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** How a field of a format wants its value: for {@code %} and for {@code str.format}. */
final class Spec {
  private static final int DEFAULT_PRECISION = 6;
  private static final int MAX_DOUBLE_CHARS = 1100;

  String fill = " ";
  char align;
  char sign = '-';
  boolean alternate;
  boolean zeros;
  char grouping;
  int width;
  int precision = -1;
  int type;

  /** A flag of {@code %}. */
  void flag(char flag) {
    switch (flag) {
      case '-' -> align = '<';
      case '+' -> sign = '+';
      case ' ' -> sign = sign == '+' ? '+' : ' ';
      case '#' -> alternate = true;
      default -> zeros = true;
    }
  }

  /** A text in its width; to the left unless the format says otherwise. */
  String pad(String text, Budget budget) {
    return pad(text, align == 0 ? '>' : align, budget);
  }

  String pad(String text, char to, Budget budget) {
    budget.scan(text.length());
    int missing = width - text.codePointCount(0, text.length());
    if (missing <= 0) {
      return text;
    }
    int left = to == '<' ? 0 : to == '^' ? missing / 2 : missing;
    return new TextBuilder(budget)
        .repeat(fill, left)
        .append(text)
        .repeat(fill, missing - left)
        .toString();
  }

  /** An integer in the base of its type. */
  String integer(Int value, Budget budget) {
    budget.bytes(value.exact().bitLength());
    budget.steps(value.exact().bitLength());
    BigInteger size = value.exact().abs();
    String prefix = "";
    String digits;
    switch (type) {
      case 'o', 'x', 'X', 'b' -> {
        digits = size.toString(type == 'o' ? 8 : type == 'b' ? 2 : 16);
        prefix = alternate ? "0" + Character.toString(type) : "";
      }
      default -> digits = Printer.integer(Int.of(size), budget);
    }
    if (type == 'X') {
      digits = digits.toUpperCase(java.util.Locale.ROOT);
    }
    int missing = precision - digits.length();
    if (missing > 0) {
      digits = new TextBuilder(budget).repeat("0", missing).append(digits).toString();
    }
    return number(signOf(value.exact().signum() < 0) + prefix, digits, budget);
  }

  /** A float as {@code e}, {@code f}, {@code g} or {@code %} want it. */
  String real(double value, Budget budget) {
    boolean upper = type == 'E' || type == 'F' || type == 'G';
    String sign = signOf(Double.doubleToRawLongBits(value) < 0 && !Double.isNaN(value));
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      String name = Double.isNaN(value) ? "nan" : "inf";
      name += type == '%' ? "%" : "";
      zeros &= grouping == 0 && align == '=';
      return number(sign, upper ? name.toUpperCase(java.util.Locale.ROOT) : name, budget);
    }
    int digits = precision < 0 ? DEFAULT_PRECISION : precision;
    budget.text(2L * digits + MAX_DOUBLE_CHARS);
    budget.steps(digits);
    var exact = new BigDecimal(Math.abs(value));
    String text =
        switch (Character.toLowerCase(type)) {
          case 'e' -> exponential(exact, digits);
          case 'f' -> fixed(exact, digits);
          case '%' -> fixed(new BigDecimal(Math.abs(value) * 100), digits) + "%";
          default -> general(exact, Math.max(1, digits));
        };
    return number(sign, upper ? text.toUpperCase(java.util.Locale.ROOT) : text, budget);
  }

  /** A float that is already written. */
  String plain(String text, Budget budget) {
    boolean negative = text.startsWith("-");
    return number(signOf(negative), negative ? text.substring(1) : text, budget);
  }

  private String fixed(BigDecimal exact, int digits) {
    String text = exact.setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
    return alternate && digits == 0 ? text + "." : text;
  }

  private String exponential(BigDecimal exact, int digits) {
    BigDecimal rounded = exact.round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
    int exponent = rounded.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    String all = rounded.signum() == 0 ? "0" : rounded.unscaledValue().toString();
    all = all.length() > digits + 1 ? all.substring(0, digits + 1) : all;
    all += "0".repeat(digits + 1 - all.length());
    String fraction = digits > 0 ? "." + all.substring(1) : alternate ? "." : "";
    return all.charAt(0) + fraction + exponent(exponent);
  }

  private static String exponent(int exponent) {
    int size = Math.abs(exponent);
    return (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0" : "") + size;
  }

  private String general(BigDecimal exact, int digits) {
    BigDecimal rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
    int exponent = rounded.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    if (exponent < -4 || exponent >= digits) {
      String text = exponential(exact, digits - 1);
      int e = text.indexOf('e');
      return alternate ? text : withoutZeros(text.substring(0, e)) + text.substring(e);
    }
    String text = rounded.setScale(digits - 1 - exponent, RoundingMode.HALF_EVEN).toPlainString();
    return alternate ? (text.indexOf('.') < 0 ? text + "." : text) : withoutZeros(text);
  }

  private static String withoutZeros(String text) {
    if (text.indexOf('.') < 0) {
      return text;
    }
    int end = text.length();
    while (text.charAt(end - 1) == '0') {
      end--;
    }
    return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
  }

  private String signOf(boolean negative) {
    return negative ? "-" : sign == '-' ? "" : String.valueOf(sign);
  }

  /** Sign and digits in their width. */
  private String number(String sign, String digits, Budget budget) {
    String grouped = grouping == 0 ? digits : group(digits, budget);
    boolean inside = align == '=' || (zeros && align == 0);
    if (inside && zeros && grouping != 0) {
      grouped = groupedZeros(digits, width - sign.length(), budget);
    }
    int missing = width - sign.length() - grouped.length();
    if (inside && missing > 0) {
      String with = zeros ? "0" : fill;
      return new TextBuilder(budget).append(sign).repeat(with, missing).append(grouped).toString();
    }
    return pad(sign + grouped, budget);
  }

  private String group(String digits, Budget budget) {
    int end = 0;
    while (end < digits.length()
        && Character.digit(digits.charAt(end), 16) >= 0
        && (type == 'x' || type == 'X' || Character.isDigit(digits.charAt(end)))) {
      end++;
    }
    int size = "xXbo".indexOf(type) >= 0 ? 4 : 3;
    var out = new TextBuilder(budget);
    for (int i = 0; i < end; i++) {
      if (i > 0 && (end - i) % size == 0) {
        out.append(String.valueOf(grouping));
      }
      out.append(digits.charAt(i));
    }
    return out.append(digits, end, digits.length()).toString();
  }

  /** Digits with as many zeros before them as fill a width with what is between groups. */
  private String groupedZeros(String digits, int room, Budget budget) {
    int size = "xXbo".indexOf(type) >= 0 ? 4 : 3;
    int whole = 0;
    while (whole < digits.length() && Character.digit(digits.charAt(whole), 16) >= 0) {
      whole++;
    }
    int rest = digits.length() - whole;
    long wanted = Math.max(whole, (long) (room - rest) * size / (size + 1));
    while (wanted + (wanted - 1) / size + rest < room) {
      wanted++;
    }
    String zeros = new TextBuilder(budget).repeat("0", wanted - whole).toString();
    return group(zeros + digits, budget);
  }
}

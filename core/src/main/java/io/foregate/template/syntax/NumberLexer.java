package io.foregate.template.syntax;

import io.foregate.template.syntax.Token.Kind;
import io.foregate.template.value.Int;
import io.foregate.template.value.Value;
import java.math.BigInteger;

/** Reads numbers as jinja2 and Python write them. For one thread. */
final class NumberLexer {
  private static final int MAX_INTEGER_DIGITS = 4300;

  private final Source source;
  private final String text;

  NumberLexer(Source source) {
    this.source = source;
    text = source.text();
  }

  /** The number that begins here. */
  Token next() {
    int begin = source.at();
    boolean afterDot = begin > 0 && text.charAt(begin - 1) == '.';
    int end = afterDot ? -1 : floatEnd(begin);
    if (end < 0) {
      return integer();
    }
    source.advance(end);
    double value = Double.parseDouble(text.substring(begin, end).replace("_", ""));
    return source.token(Kind.FLOAT, "", new Value.Real(value));
  }

  /** Where a float ends that begins at an index, or -1. */
  private int floatEnd(int begin) {
    int end = digits(begin, 10);
    boolean dotted = false;
    if (end + 1 < text.length() && text.charAt(end) == '.' && isDigit(end + 1, 10)) {
      end = digits(end + 1, 10);
      dotted = true;
    }
    if (end < text.length() && Character.toLowerCase(text.charAt(end)) == 'e') {
      int exponent = source.afterSign(end + 1);
      if (isDigit(exponent, 10)) {
        return digits(exponent, 10);
      }
    }
    return dotted ? end : -1;
  }

  private boolean isDigit(int index, int radix) {
    return index < text.length()
        && text.charAt(index) < 0x80
        && Character.digit(text.charAt(index), radix) >= 0;
  }

  /** The index after digits, which single underscores may separate. */
  private int digits(int from, int radix) {
    int end = from;
    while (isDigit(end, radix)
        || (end > from
            && end < text.length()
            && text.charAt(end) == '_'
            && isDigit(end + 1, radix))) {
      end++;
    }
    return end;
  }

  private Token integer() {
    int begin = source.at();
    int radix = radix(begin);
    int digitsBegin = radix == 10 ? begin : digitsBegin(begin);
    int end = radix == 10 && text.charAt(begin) == '0' ? zeros(begin) : digits(digitsBegin, radix);
    source.advance(end);
    String digits = text.substring(digitsBegin, end).replace("_", "");
    if (radix == 10 && digits.length() > MAX_INTEGER_DIGITS) {
      throw source.failure(
          ("Exceeds the limit (4300 digits) for integer string conversion: value has %d digits;"
                  + " use sys.set_int_max_str_digits() to increase the limit")
              .formatted(digits.length()));
    }
    if (digits.length() > 4 * MAX_INTEGER_DIGITS) {
      throw source.failure("a number has more than %d digits".formatted(4 * MAX_INTEGER_DIGITS));
    }
    return source.token(Kind.INTEGER, digits, Int.of(new BigInteger(digits, radix)));
  }

  /** What an integer's prefix says, if digits follow it. */
  private int radix(int begin) {
    if (text.charAt(begin) != '0' || begin + 1 >= text.length()) {
      return 10;
    }
    int radix =
        switch (Character.toLowerCase(text.charAt(begin + 1))) {
          case 'x' -> 16;
          case 'o' -> 8;
          case 'b' -> 2;
          default -> 10;
        };
    return isDigit(digitsBegin(begin), radix) ? radix : 10;
  }

  /** Where the digits after a prefix begin, before which an underscore may stand. */
  private int digitsBegin(int begin) {
    return text.startsWith("_", begin + 2) ? begin + 3 : begin + 2;
  }

  /** Zeros are a number by themselves: 012 is 0 and 12. */
  private int zeros(int from) {
    int end = from + 1;
    while (text.startsWith("0", end) || text.startsWith("_0", end)) {
      end += text.charAt(end) == '_' ? 2 : 1;
    }
    return end;
  }
}

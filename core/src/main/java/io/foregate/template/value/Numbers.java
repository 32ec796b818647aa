package io.foregate.template.value;

import io.foregate.template.TemplateException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** Python's numbers: integers of any size, floats, and how both print. */
public final class Numbers {
  /** Python's limit for the text of an integer. */
  public static final int MAX_DIGITS = 4300;

  private static final int BITS_OF_MAX_DIGITS = 14_285;
  private static final int MAX_PLAIN_EXPONENT = 16;
  private static final int MIN_PLAIN_EXPONENT = -4;
  private static final long EXACT_IN_DOUBLE = 1L << 53;
  private static final int QUOTIENT_DIGITS = 60;

  private Numbers() {}

  /** Whether it counts in arithmetic: an integer, a float or a truth value. */
  public static boolean isNumber(Value value) {
    return value instanceof Int || value instanceof Value.Real || value instanceof Value.Bool;
  }

  /** Whether it is an integer for Python, as truth values are. */
  public static boolean isInteger(Value value) {
    return value instanceof Int || value instanceof Value.Bool;
  }

  /** An integer or truth value as an integer. */
  public static Int integer(Value value) {
    return value instanceof Int i ? i : Int.of(value.truth() ? 1 : 0);
  }

  /** Any number as a float. */
  public static double real(Value value) {
    if (value instanceof Value.Real r) {
      return r.value();
    }
    Int i = integer(value);
    if (i.isSmall()) {
      return i.small();
    }
    double real = i.big().doubleValue();
    if (Double.isInfinite(real)) {
      throw TemplateException.of("int too large to convert to float");
    }
    return real;
  }

  /** The digits of a large integer. */
  static String digits(BigInteger value, Budget budget) {
    budget.text(8L * MAX_DIGITS);
    budget.steps(MAX_DIGITS);
    String text = value.bitLength() > BITS_OF_MAX_DIGITS ? null : value.abs().toString();
    if (text == null || text.length() > MAX_DIGITS) {
      throw TemplateException.of(
          "Exceeds the limit (4300 digits) for integer string conversion;"
              + " use sys.set_int_max_str_digits() to increase the limit");
    }
    return value.signum() < 0 ? "-" + text : text;
  }

  /** Python's {@code repr} of a float. */
  public static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    String sign = Double.doubleToRawLongBits(value) < 0 ? "-" : "";
    if (value == 0) {
      return sign + "0.0";
    }
    var shortest = new BigDecimal(Double.toString(Math.abs(value))).stripTrailingZeros();
    String digits = shortest.unscaledValue().toString();
    int exponent = digits.length() - shortest.scale() - 1; // of the first digit
    return sign + (isPlain(exponent) ? plain(digits, exponent) : scientific(digits, exponent));
  }

  private static boolean isPlain(int exponent) {
    return exponent >= MIN_PLAIN_EXPONENT && exponent < MAX_PLAIN_EXPONENT;
  }

  private static String plain(String digits, int exponent) {
    if (exponent < 0) {
      return "0." + "0".repeat(-exponent - 1) + digits;
    }
    if (digits.length() <= exponent + 1) {
      return digits + "0".repeat(exponent + 1 - digits.length()) + ".0";
    }
    return digits.substring(0, exponent + 1) + "." + digits.substring(exponent + 1);
  }

  private static String scientific(String digits, int exponent) {
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    int size = Math.abs(exponent);
    return digits.charAt(0)
        + fraction
        + (exponent < 0 ? "e-" : "e+")
        + (size < 10 ? "0" : "")
        + size;
  }

  /** The largest integer that is not above a finite float. */
  public static Int floor(double value) {
    double floor = Math.floor(value);
    return Math.abs(floor) < EXACT_IN_DOUBLE
        ? Int.of((long) floor)
        : Int.of(new BigDecimal(floor).toBigInteger());
  }

  /** A float without its fraction. */
  public static Int truncate(double value) {
    if (Double.isNaN(value)) {
      throw TemplateException.of("cannot convert float NaN to integer");
    }
    if (Double.isInfinite(value)) {
      throw TemplateException.of("cannot convert float infinity to integer");
    }
    return floor(value < 0 ? Math.ceil(value) : value);
  }

  /** Compares exactly; of numbers that are not NaN. */
  public static int compare(Value a, Value b) {
    if (a instanceof Value.Real || b instanceof Value.Real) {
      return compareReal(a, b);
    }
    Int x = integer(a);
    Int y = integer(b);
    return x.isSmall() && y.isSmall()
        ? Long.compare(x.small(), y.small())
        : x.exact().compareTo(y.exact());
  }

  private static int compareReal(Value a, Value b) {
    if (isExact(a) && isExact(b)) {
      double x = real(a);
      double y = real(b);
      return x < y ? -1 : x > y ? 1 : 0;
    }
    if (a instanceof Value.Real) {
      return -compareReal(b, a);
    }
    double y = ((Value.Real) b).value();
    if (Double.isInfinite(y)) {
      return y > 0 ? -1 : 1;
    }
    Int x = integer(a);
    if (x.exact().bitLength() > Double.MAX_EXPONENT + 1) {
      return x.big().signum();
    }
    return decimal(a).compareTo(decimal(b));
  }

  private static boolean isExact(Value value) {
    return value instanceof Value.Real
        || value instanceof Value.Bool
        || (value instanceof Int i && i.isSmall() && Math.abs(i.small()) < EXACT_IN_DOUBLE);
  }

  private static BigDecimal decimal(Value value) {
    return value instanceof Value.Real r
        ? new BigDecimal(r.value())
        : new BigDecimal(integer(value).exact());
  }

  public static boolean isNan(Value value) {
    return value instanceof Value.Real r && Double.isNaN(r.value());
  }

  /** The quotient of two integers, rounded once. */
  public static double quotient(Int a, Int b) {
    if (isExact(a) && isExact(b)) {
      return (double) a.small() / b.small();
    }
    double quotient =
        new BigDecimal(a.exact())
            .divide(new BigDecimal(b.exact()), new MathContext(QUOTIENT_DIGITS, RoundingMode.DOWN))
            .doubleValue();
    if (Double.isInfinite(quotient)) {
      throw TemplateException.of("integer division result too large for a float");
    }
    return quotient;
  }
}

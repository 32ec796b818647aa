package io.foregate.cli.flag;

import java.util.Locale;

/**
 * The numbers that an option takes.
 *
 * @param option its first long name, behind the command's where it means something else there
 * @param least the smallest number
 * @param above whether that one is too small itself
 * @param most the largest number; infinity for no limit, and still a number
 * @param minusOne what -1 stands for; empty where it is as any other
 * @param hint what to do
 */
public record NumberRange(
    String option, double least, boolean above, double most, String minusOne, String hint) {

  static NumberRange from(String option, double least, String hint) {
    return new NumberRange(option, least, false, Double.POSITIVE_INFINITY, "", hint);
  }

  static NumberRange above(String option, double least, String hint) {
    return new NumberRange(option, least, true, Double.POSITIVE_INFINITY, "", hint);
  }

  NumberRange to(double value) {
    return new NumberRange(option, least, above, value, minusOne, hint);
  }

  NumberRange orMinusOne(String meaning) {
    return new NumberRange(option, least, above, most, meaning, hint);
  }

  boolean holds(double value) {
    if (value == -1 && !minusOne.isEmpty()) {
      return true;
    }
    return Double.isFinite(value) && value <= most && (above ? value > least : value >= least);
  }

  /** What is expected: {@code 1 to 64}, {@code above 0, up to 1}, {@code 0 or more}. */
  String expected() {
    String range;
    if (above) {
      range = "above " + text(least) + (isOpen() ? "" : ", up to " + text(most));
    } else {
      range = text(least) + (isOpen() ? " or more" : " to " + text(most));
    }
    return minusOne.isEmpty() ? range : range + ", or -1 for " + minusOne;
  }

  private boolean isOpen() {
    return most == Double.POSITIVE_INFINITY;
  }

  /** A number without the decimals that it does not need. */
  public static String text(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.format(Locale.ROOT, "%.0f", value)
        : Double.toString(value);
  }
}

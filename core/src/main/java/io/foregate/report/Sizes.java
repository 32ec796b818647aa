package io.foregate.report;

import java.util.Locale;

/** Sizes and counts as people read them; bytes in powers of 1024. */
public final class Sizes {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private Sizes() {}

  /** A size with three or four digits and a unit: {@code 22.3 MiB}. */
  public static String text(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0
        ? bytes + " B"
        : String.format(Locale.ROOT, value < 100 ? "%.2f %s" : "%.1f %s", value, UNITS[unit]);
  }

  /** A number of things: {@code 1 token}, {@code 2 tokens}. */
  public static String counted(long n, String thing) {
    return n == 1 ? "1 " + thing : n + " " + thing + "s";
  }

  /** A count with a decimal unit: {@code 46.7 G}. */
  public static String count(long n) {
    if (n < 10_000) {
      return Long.toString(n);
    }
    if (n < 1_000_000) {
      return String.format(Locale.ROOT, "%.1f k", n / 1e3);
    }
    return n < 1_000_000_000
        ? String.format(Locale.ROOT, "%.2f M", n / 1e6)
        : String.format(Locale.ROOT, "%.2f G", n / 1e9);
  }
}

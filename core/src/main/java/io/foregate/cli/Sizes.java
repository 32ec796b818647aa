package io.foregate.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Byte counts as people write them. Units are powers of 1024, as memory is sold. */
final class Sizes {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};
  private static final Pattern SIZE =
      Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([KMGT]?)(?:I?B)?", Pattern.CASE_INSENSITIVE);

  private Sizes() {}

  /** A size with three or four digits and a unit: {@code 22.3 MiB}. */
  static String text(long bytes) {
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

  /** A count with a decimal unit: {@code 46.7 G}. */
  static String count(long n) {
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

  /** Reads {@code 8GiB}, {@code 8G}, {@code 512MB} or a plain number of bytes. */
  static final class Converter implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      Matcher matcher = SIZE.matcher(text.strip());
      if (!matcher.matches()) {
        throw new TypeConversionException("'" + text + "' is not a size such as 8GiB or 512MiB");
      }
      int power =
          matcher.group(2).isEmpty()
              ? 0
              : "KMGT".indexOf(matcher.group(2).toUpperCase(Locale.ROOT)) + 1;
      double bytes = Double.parseDouble(matcher.group(1)) * Math.pow(1024, power);
      if (bytes > Long.MAX_VALUE) {
        throw new TypeConversionException("'" + text + "' is larger than any memory");
      }
      return (long) bytes;
    }
  }
}

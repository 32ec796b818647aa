package io.foregate.options;

import java.util.Locale;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Amounts of memory as people write them, always with a unit: {@code 8GiB}, {@code 8G} and {@code
 * 8Gi} are 8 times 2^30 bytes, {@code 8GB} is 8 times 10^9, as in GNU's tools.
 */
public final class ByteSize {
  private static final String POWERS = "KMGT";
  private static final Pattern SIZE =
      Pattern.compile(
          "(\\d{1,18}(?:\\.\\d{1,18})?)\\s*(?:([KMGT])(I?B?)|B)", Pattern.CASE_INSENSITIVE);

  private ByteSize() {}

  /** The bytes; empty if the text is no size, has no unit, or is larger than any memory. */
  public static OptionalLong parse(String text) {
    Objects.requireNonNull(text, "text");
    Matcher matcher = SIZE.matcher(text.strip());
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    double bytes = Double.parseDouble(matcher.group(1)) * unit(matcher.group(2), matcher.group(3));
    return bytes < Long.MAX_VALUE ? OptionalLong.of((long) bytes) : OptionalLong.empty();
  }

  private static double unit(String letter, String rest) {
    if (letter == null) {
      return 1;
    }
    int base = rest.equalsIgnoreCase("B") ? 1000 : 1024;
    return Math.pow(base, POWERS.indexOf(letter.toUpperCase(Locale.ROOT)) + 1);
  }
}

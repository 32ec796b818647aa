package io.foregate.cli;

import io.foregate.error.ForegateException;
import java.util.Locale;
import java.util.function.Supplier;

/** What the values of options that several commands share must be. */
final class Flags {
  private Flags() {}

  /** Requires a count that may be 0, which stands for the default. */
  static void requireNotNegative(String option, int value) {
    if (value < 0) {
      throw new UsageException(
          "%s is %d, expected a positive number".formatted(option, value),
          "Leave it out for the default.");
    }
  }

  /** Requires a count, or -1 for no limit. */
  static void requireCountOrAll(String option, int value, int least) {
    if (value < least && value != -1) {
      throw new UsageException(
          "%s is %d, expected %d or more, or -1 for no limit".formatted(option, value, least),
          "Only -1 means no limit.");
    }
  }

  /**
   * What an option's value stands for.
   *
   * @throws UsageException where {@code reader} finds that it stands for nothing
   */
  static <T> T read(Supplier<T> reader) {
    try {
      return reader.get();
    } catch (ForegateException e) {
      throw new UsageException(e.getMessage(), e.hint());
    }
  }

  /**
   * The backend of that name; case does not matter. Whether there is one depends on the machine.
   */
  static String backend(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}

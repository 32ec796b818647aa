package io.foregate.cli;

import java.util.Locale;

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
   * The backend of that name; case does not matter. Whether there is one depends on the machine.
   */
  static String backend(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}

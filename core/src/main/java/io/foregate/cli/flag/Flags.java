package io.foregate.cli.flag;

import io.foregate.cli.terminal.Hints;
import io.foregate.cli.terminal.UsageException;
import io.foregate.error.ForegateException;
import java.util.function.Supplier;

/** What the values of options that several commands share must be. */
public final class Flags {
  private Flags() {}

  /**
   * Looks at what options say together.
   *
   * @throws UsageException where {@code check} finds that it cannot be
   */
  public static void check(Runnable check) {
    read(
        () -> {
          check.run();
          return null;
        });
  }

  /**
   * What an option's value stands for.
   *
   * @throws UsageException where {@code reader} finds that it stands for nothing
   */
  public static <T> T read(Supplier<T> reader) {
    try {
      return reader.get();
    } catch (ForegateException e) {
      throw new UsageException(e.getMessage(), Hints.of(e));
    }
  }
}

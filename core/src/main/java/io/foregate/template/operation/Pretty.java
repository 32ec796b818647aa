package io.foregate.template.operation;

import io.foregate.template.value.Budget;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Value;

/** Python's {@code pprint.pformat}. */
public final class Pretty {
  private Pretty() {}

  /** A value as it prints: on one line, where Python would begin others after 80 characters. */
  public static String print(Value value, Budget budget) {
    return Printer.repr(value, budget);
  }
}

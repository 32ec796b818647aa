package io.foregate.options;

import java.util.Locale;
import java.util.Objects;

/**
 * The policy that experts are cached and moved by, as {@code --policy} names it. Which names there
 * are, the scheduler's list of policies says.
 *
 * @param text in lower case
 */
public record PolicyName(String text) {
  /** All experts are on the device. */
  public static final PolicyName RESIDENT = new PolicyName("resident");

  /** Experts are copied just before they are needed. */
  public static final PolicyName LOOKAHEAD = new PolicyName("lookahead");

  /** Upper and lower case are the same. */
  public PolicyName {
    Objects.requireNonNull(text, "text");
    text = text.toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return text;
  }
}

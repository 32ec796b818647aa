package io.foregate.options;

import java.util.Locale;
import java.util.Objects;

/**
 * What computes, as {@code --backend} names it. Which names there are depends on what is installed.
 *
 * @param text in lower case
 */
public record BackendName(String text) {
  /** The best backend that can open the model. */
  public static final BackendName AUTO = new BackendName("auto");

  /** The CPU, which is always there. */
  public static final BackendName CPU = new BackendName("cpu");

  /** Upper and lower case are the same. */
  public BackendName {
    Objects.requireNonNull(text, "text");
    text = text.toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return text;
  }
}

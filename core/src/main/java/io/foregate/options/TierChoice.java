package io.foregate.options;

import io.foregate.error.ForegateException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/** What the user said about where the host keeps experts. */
public enum TierChoice {
  /** RAM if the experts fit into what is free, else a file. */
  AUTO,
  RAM,
  FILE;

  /**
   * The choice of that name; case does not matter.
   *
   * @throws ForegateException when there is none
   */
  public static TierChoice of(String name) {
    Objects.requireNonNull(name, "name");
    return Arrays.stream(values())
        .filter(choice -> choice.word().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "The expert store is '%s', expected one of %s."
                        .formatted(name, String.join(", ", words())),
                    "'auto' takes RAM when the experts fit, else a file beside the model."));
  }

  /** All names. */
  public static List<String> words() {
    return Arrays.stream(values()).map(TierChoice::word).collect(Collectors.toList());
  }

  /** As {@link #of} takes it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}

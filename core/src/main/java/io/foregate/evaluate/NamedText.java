package io.foregate.evaluate;

import java.nio.file.Path;
import java.util.Objects;

/**
 * A text, and what it is called in messages and reports.
 *
 * @param name the file that it was read from, as a rule
 */
public record NamedText(String name, String text) {

  /** Refuses {@code null}, by the name of what is. */
  public NamedText {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(text, "text");
  }

  /** The name without folders. */
  public String shortName() {
    Path file = Path.of(name).getFileName();
    return file == null ? name : file.toString();
  }
}

package io.foregate.error;

import com.fasterxml.jackson.core.JacksonException;
import java.util.regex.Pattern;

/** Why a text is not the JSON that it should be, without the names of who reads it. */
public final class JsonReason {
  /** Where Jackson was reading, with its own settings: people have a file, a line and a column. */
  private static final Pattern SOURCE =
      Pattern.compile(
          "\\s*\\((?:start marker at )?\\[Source:[^\\]]*\\]\\)|\\s*\\[Source:[^\\]]*\\]");

  /** Classes, and settings of the parser that a limit comes from. */
  private static final Pattern NAMES = Pattern.compile(",? (?:from|as) `[^`]*\\.[^`]*`");

  private JsonReason() {}

  /** One line, for the end of a sentence. */
  public static String of(JacksonException e) {
    String line = e.getOriginalMessage().lines().findFirst().orElse("it cannot be read");
    if (line.startsWith("Trailing token")) {
      return "something follows its end";
    }
    if (line.startsWith("Cannot ")) { // deserialize, construct, coerce: with the names of classes
      return "a value is of another kind than expected";
    }
    return NAMES.matcher(SOURCE.matcher(line).replaceAll("")).replaceAll("");
  }
}

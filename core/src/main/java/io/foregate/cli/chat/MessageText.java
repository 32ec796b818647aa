package io.foregate.cli.chat;

import java.util.Locale;

/**
 * How a person writes what may have several lines. A line that ends with a backslash goes on in the
 * next one, as in llama.cpp; what begins with three quotation marks goes on until three end it, as
 * in ollama. A single line that begins with a slash is a command, with two slashes a message that
 * begins with one.
 */
final class MessageText {
  private static final String FENCE = "\"\"\"";

  private MessageText() {}

  /** What a person has written. */
  sealed interface Entry {}

  /** Nothing. */
  record Nothing() implements Entry {}

  /** A message to the model. */
  record Message(String text) implements Entry {}

  /**
   * A command.
   *
   * @param name the word after the slash, in small letters
   * @param argument what follows, or an empty string
   */
  record Order(String name, String argument) implements Entry {}

  /** Whether it begins with a fence that is still open. */
  static boolean isOpen(String typed) {
    String text = typed.strip();
    return text.startsWith(FENCE) && (text.length() < 2 * FENCE.length() || !text.endsWith(FENCE));
  }

  /** Whether it ends with a backslash that stands for a further line; two are two backslashes. */
  static boolean continues(String typed) {
    int slashes = 0;
    while (slashes < typed.length() && typed.charAt(typed.length() - 1 - slashes) == '\\') {
      slashes++;
    }
    return slashes % 2 == 1;
  }

  /** What a finished text means. */
  static Entry entry(String typed) {
    String text = typed.strip();
    if (text.startsWith(FENCE)) {
      return message(unfenced(text));
    }
    if (text.indexOf('\n') >= 0) {
      return message(typed.stripTrailing());
    }
    if (text.startsWith("//")) {
      return message(text.substring(1));
    }
    if (text.startsWith("/")) {
      String[] words = text.substring(1).split("\\s+", 2);
      return new Order(words[0].toLowerCase(Locale.ROOT), words.length < 2 ? "" : words[1]);
    }
    return message(text);
  }

  private static Entry message(String text) {
    return text.isBlank() ? new Nothing() : new Message(text);
  }

  /** What stands between the fences, without the line breaks beside them. */
  private static String unfenced(String text) {
    int end = isOpen(text) ? text.length() : text.length() - FENCE.length();
    String inner = text.substring(FENCE.length(), end);
    inner = inner.startsWith("\n") ? inner.substring(1) : inner;
    return inner.endsWith("\n") ? inner.substring(0, inner.length() - 1) : inner;
  }
}

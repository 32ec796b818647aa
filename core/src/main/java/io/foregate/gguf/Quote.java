package io.foregate.gguf;

/** Names and texts from files, made fit for a one-line message. */
final class Quote {
  private static final int MAX_LENGTH = 80;

  private Quote() {}

  /** The text in single quotes, cut off when long, control characters replaced. */
  static String of(String text) {
    String shown = text;
    if (text.length() > MAX_LENGTH) {
      shown = text.substring(0, text.offsetByCodePoints(0, MAX_LENGTH / 2)) + "...";
    }
    return "'" + shown.replaceAll("[\\p{Cntrl}\\p{Cf}]", "?") + "'";
  }
}

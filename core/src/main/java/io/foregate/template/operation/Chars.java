package io.foregate.template.operation;

/** What Python says of characters. */
public final class Chars {
  private Chars() {}

  /** Python's {@code str.isspace} of one character. */
  public static boolean isSpace(int c) {
    if (c < 0x80) {
      return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
    }
    return c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  /** Where {@code str.splitlines} ends a line. */
  public static boolean isLineEnd(int c) {
    return (c >= '\n' && c <= '\r')
        || (c >= 0x1c && c <= 0x1e)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  /** The first index at or after one that holds no white space. */
  public static int skipSpaces(String text, int from) {
    int at = from;
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  /** The index after the last character that is no white space, at least {@code from}. */
  public static int trimmedEnd(String text, int from, int end) {
    int at = end;
    while (at > from && isSpace(text.charAt(at - 1))) {
      at--;
    }
    return at;
  }
}

package io.foregate.template.syntax;

import io.foregate.template.TemplateException;
import io.foregate.template.syntax.Token.Kind;
import io.foregate.template.value.Value;

/** The characters of a template and how far they are read. For one thread. */
final class Source {
  private static final int MAX_LENGTH = 2 << 20;

  private final String text;
  private int at;
  private int line = 1;

  /** With jinja2's line ends, and without a newline at the end. */
  Source(String template) {
    if (template.length() > MAX_LENGTH) {
      throw TemplateException.of("it has more than %d characters".formatted(MAX_LENGTH));
    }
    String unified = template.replace("\r\n", "\n").replace('\r', '\n');
    text = unified.endsWith("\n") ? unified.substring(0, unified.length() - 1) : unified;
  }

  String text() {
    return text;
  }

  int length() {
    return text.length();
  }

  /** The index of the character that is next. */
  int at() {
    return at;
  }

  int line() {
    return line;
  }

  boolean isAtEnd() {
    return at >= text.length();
  }

  boolean startsLine() {
    return at == 0 || text.charAt(at - 1) == '\n';
  }

  /** Goes on to an index. */
  void advance(int end) {
    for (int i = text.indexOf('\n', at, end); i >= 0; i = text.indexOf('\n', i + 1, end)) {
      line++;
    }
    at = end;
  }

  /** The index after a sign, if one is at an index, else that index. */
  int afterSign(int from) {
    return from < text.length() && "-+".indexOf(text.charAt(from)) >= 0 ? from + 1 : from;
  }

  /** A token on the line that is reached. */
  Token token(Kind kind, String of, Value value) {
    return new Token(kind, of, value, line);
  }

  TemplateException failure(String message) {
    return new TemplateException(message, line, false);
  }
}

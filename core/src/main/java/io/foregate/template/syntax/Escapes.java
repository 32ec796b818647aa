package io.foregate.template.syntax;

import io.foregate.template.TemplateException;

/** What stands between quotes, read as Python's {@code unicode_escape} of ASCII. */
final class Escapes {
  private final String source;
  private final int end;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private Escapes(String source, int begin, int end) {
    this.source = source;
    this.at = begin;
    this.end = end;
  }

  /** The text that a part of a source stands for. */
  static String read(String source, int begin, int end) {
    if (source.indexOf('\\', begin, end) < 0) {
      return source.substring(begin, end);
    }
    return new Escapes(source, begin, end).read();
  }

  private String read() {
    while (at < end) {
      char c = source.charAt(at++);
      if (c == '\\') {
        escape();
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private void escape() {
    int point = source.codePointAt(at);
    at += Character.charCount(point);
    switch (point) {
      case '\n' -> {}
      case '\\', '\'', '"' -> out.appendCodePoint(point);
      case 'a' -> out.append('\u0007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'n' -> out.append('\n');
      case 'r' -> out.append('\r');
      case 't' -> out.append('\t');
      case 'v' -> out.append('\u000b');
      case 'x' -> code(2, "truncated \\xXX escape");
      case 'u' -> code(4, "truncated \\uXXXX escape");
      case 'U' -> code(8, "truncated \\UXXXXXXXX escape");
      case 'N' -> named();
      default -> {
        if (point >= '0' && point <= '7') {
          octal(point - '0');
        } else {
          out.append('\\').append(beyondAscii(point));
        }
      }
    }
  }

  /** What is not ASCII has become an escape before escapes are read, and lost its own backslash. */
  private static String beyondAscii(int point) {
    if (point < 0x80) {
      return Character.toString(point);
    }
    return point < 0x100
        ? "x%02x".formatted(point)
        : Character.isBmpCodePoint(point) ? "u%04x".formatted(point) : "U%08x".formatted(point);
  }

  private void octal(int first) {
    int value = first;
    for (int i = 0; i < 2 && at < end && "01234567".indexOf(source.charAt(at)) >= 0; i++) {
      value = value * 8 + source.charAt(at++) - '0';
    }
    out.append((char) value);
  }

  private void code(int digits, String failure) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      char c = at < end ? source.charAt(at) : 0;
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw TemplateException.of(failure);
      }
      value = value << 4 | digit;
      at++;
    }
    if (!Character.isValidCodePoint(value)) {
      throw TemplateException.of("illegal Unicode character");
    }
    out.appendCodePoint(value);
  }

  private void named() {
    int close = at < end && source.charAt(at) == '{' ? source.indexOf('}', at) : -1;
    if (close < 0 || close >= end || close == at + 1) {
      throw TemplateException.of("malformed \\N character escape");
    }
    try {
      out.appendCodePoint(Character.codePointOf(source.substring(at + 1, close)));
    } catch (IllegalArgumentException e) {
      throw TemplateException.of("unknown Unicode character name");
    }
    at = close + 1;
  }
}

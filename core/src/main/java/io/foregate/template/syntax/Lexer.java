package io.foregate.template.syntax;

import io.foregate.template.operation.Chars;
import io.foregate.template.syntax.Token.Kind;

/**
 * Cuts a template into tokens, as it is asked for them, with jinja2's white-space control ({@code
 * trim_blocks} and {@code lstrip_blocks} on, a final newline dropped): text and where tags begin
 * and end here, what is in them by {@link CodeLexer}. For one thread.
 */
final class Lexer {
  private enum State {
    TEXT,
    RAW,
    BLOCK,
    VARIABLE
  }

  private final Source source;
  private final String text;
  private final CodeLexer code;
  private State state = State.TEXT;
  private Token begun;

  Lexer(String template) {
    source = new Source(template);
    text = source.text();
    code = new CodeLexer(source);
  }

  /** The next token; at the end always one that says so. */
  Token next() {
    while (!source.isAtEnd() || begun != null) {
      Token token = scan();
      if (token != null) {
        return token;
      }
    }
    return source.token(Kind.EOF, "", null);
  }

  private Token scan() {
    if (begun != null) {
      Token token = begun;
      begun = null;
      return token;
    }
    return switch (state) {
      case TEXT -> text();
      case RAW -> raw();
      case BLOCK, VARIABLE -> inside();
    };
  }

  /** Text up to a tag, which is begun. */
  private Token text() {
    int tag = tag(source.at());
    if (tag < 0) {
      return data(text.length(), text.length());
    }
    char kind = text.charAt(tag + 1);
    int rawEnd = kind == '%' ? rawBegin(tag + 2) : -1;
    Token data = data(stripped(tag, sign(tag + 2), kind == '{'), tag);
    begin(kind, rawEnd >= 0 ? rawEnd : source.afterSign(tag + 2), rawEnd >= 0);
    return data;
  }

  private void begin(char kind, int after, boolean isRaw) {
    Token begin = source.token(kind == '{' ? Kind.VARIABLE_BEGIN : Kind.BLOCK_BEGIN, "", null);
    source.advance(after);
    if (isRaw) {
      state = State.RAW;
    } else if (kind == '#') {
      comment();
    } else {
      state = kind == '{' ? State.VARIABLE : State.BLOCK;
      begun = begin;
    }
  }

  /** The sign at an index that says what becomes of white space, or 0. */
  private char sign(int index) {
    return source.afterSign(index) > index ? text.charAt(index) : 0;
  }

  private int tag(int from) {
    int brace = text.indexOf('{', from);
    while (brace >= 0 && brace + 1 < text.length()) {
      char next = text.charAt(brace + 1);
      if (next == '%' || next == '{' || next == '#') {
        return brace;
      }
      brace = text.indexOf('{', brace + 1);
    }
    return -1;
  }

  /** Where the white space ends that a tag leaves before it. */
  private int stripped(int tag, char sign, boolean variable) {
    if (sign == '-') {
      return Chars.trimmedEnd(text, source.at(), tag);
    }
    if (sign == '+' || variable) {
      return tag;
    }
    int lineBegin = tag;
    while (lineBegin > source.at() && text.charAt(lineBegin - 1) != '\n') {
      lineBegin--;
    }
    boolean begins = lineBegin > source.at() || source.startsLine();
    return begins && Chars.trimmedEnd(text, lineBegin, tag) == lineBegin ? lineBegin : tag;
  }

  /** A token of text up to {@code end}, or null if that is empty; goes on at {@code next}. */
  private Token data(int end, int next) {
    int from = source.at();
    Token token = end > from ? source.token(Kind.DATA, text.substring(from, end), null) : null;
    source.advance(next);
    return token;
  }

  /** Where {@code raw %}} ends that begins at an index, or -1. */
  private int rawBegin(int from) {
    int word = word("raw", source.afterSign(from));
    if (word < 0) {
      return -1;
    }
    if (text.startsWith("-%}", word)) {
      return Chars.skipSpaces(text, word + 3);
    }
    return text.startsWith("%}", word) ? word + 2 : -1;
  }

  /** The index after a word and the white space around it, or -1 if another is there. */
  private int word(String word, int from) {
    int begin = Chars.skipSpaces(text, from);
    return text.startsWith(word, begin) ? Chars.skipSpaces(text, begin + word.length()) : -1;
  }

  private Token raw() {
    for (int tag = text.indexOf("{%", source.at()); tag >= 0; tag = text.indexOf("{%", tag + 2)) {
      int word = word("endraw", source.afterSign(tag + 2));
      int end = word < 0 ? -1 : blockEnd(word);
      if (end >= 0) {
        Token data = data(stripped(tag, sign(tag + 2), false), tag);
        source.advance(end);
        state = State.TEXT;
        return data;
      }
    }
    throw source.failure("Missing end of raw directive");
  }

  private void comment() {
    if (source.isAtEnd()) {
      return;
    }
    int close = text.indexOf("#}", source.at());
    if (close < 0) {
      throw source.failure("Missing end of comment tag");
    }
    char sign = close > source.at() ? text.charAt(close - 1) : 0;
    int end = close + 2;
    if (sign == '-') {
      end = Chars.skipSpaces(text, end);
    } else if (sign != '+' && text.startsWith("\n", end)) {
      end++;
    }
    source.advance(end);
  }

  private Token inside() {
    boolean isBlock = state == State.BLOCK;
    int end = !code.isBalanced() ? -1 : isBlock ? blockEnd(source.at()) : variableEnd(source.at());
    if (end < 0) {
      return code.next();
    }
    Token token = source.token(isBlock ? Kind.BLOCK_END : Kind.VARIABLE_END, "", null);
    source.advance(end);
    state = State.TEXT;
    return token;
  }

  /** Where a block's end at an index leaves off, or -1. */
  private int blockEnd(int from) {
    if (text.startsWith("-%}", from)) {
      return Chars.skipSpaces(text, from + 3);
    }
    if (text.startsWith("+%}", from)) {
      return from + 3;
    }
    if (text.startsWith("%}", from)) {
      return text.startsWith("\n", from + 2) ? from + 3 : from + 2;
    }
    return -1;
  }

  private int variableEnd(int from) {
    if (text.startsWith("-}}", from)) {
      return Chars.skipSpaces(text, from + 3);
    }
    return text.startsWith("}}", from) ? from + 2 : -1;
  }
}

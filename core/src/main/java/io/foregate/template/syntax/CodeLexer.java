package io.foregate.template.syntax;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.Chars;
import io.foregate.template.syntax.Token.Kind;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Str;

/** Cuts what is in tags into tokens: names, literals and operators. For one thread. */
final class CodeLexer {
  private final Source source;
  private final String text;
  private final NumberLexer numbers;
  private final StringBuilder open = new StringBuilder();

  CodeLexer(Source source) {
    this.source = source;
    text = source.text();
    numbers = new NumberLexer(source);
  }

  /** Whether no bracket is open, so that a tag may end. */
  boolean isBalanced() {
    return open.isEmpty();
  }

  /** The token that begins here, or null after white space. */
  Token next() {
    int at = source.at();
    char c = text.charAt(at);
    if (Chars.isSpace(c)) {
      source.advance(Chars.skipSpaces(text, at));
      return null;
    }
    if (c >= '0' && c <= '9') {
      return numbers.next();
    }
    if (isNamePart(text.codePointAt(at))) {
      return name();
    }
    if (c == '\'' || c == '"') {
      return string(c);
    }
    return operator();
  }

  private static boolean isNamePart(int point) {
    return point == '_'
        || Character.isLetterOrDigit(point)
        || (Character.isUnicodeIdentifierPart(point) && !Character.isIdentifierIgnorable(point))
        || Character.getType(point) == Character.OTHER_NUMBER;
  }

  private Token name() {
    int begin = source.at();
    int end = begin;
    while (end < text.length() && isNamePart(text.codePointAt(end))) {
      end += Character.charCount(text.codePointAt(end));
    }
    String name = text.substring(begin, end);
    boolean valid =
        (name.charAt(0) == '_' || Character.isUnicodeIdentifierStart(name.codePointAt(0)))
            && name.codePoints().allMatch(c -> c == '_' || Character.isUnicodeIdentifierPart(c));
    if (!valid) {
      throw source.failure("Invalid character in identifier");
    }
    source.advance(end);
    return source.token(Kind.NAME, name, null);
  }

  private Token string(char quote) {
    int begin = source.at() + 1;
    int end = begin;
    while (end < text.length() && text.charAt(end) != quote) {
      end += text.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= text.length()) {
      throw unexpected();
    }
    String value;
    try {
      value = Escapes.read(text, begin, end);
    } catch (TemplateException e) {
      throw e.at(source.line());
    }
    Token token = source.token(Kind.STRING, value, Str.of(value));
    source.advance(end + 1);
    return token;
  }

  private TemplateException unexpected() {
    int at = source.at();
    String found = Character.toString(text.codePointAt(at));
    return source.failure(
        "unexpected char %s at %d".formatted(Printer.quote(found), text.codePointCount(0, at)));
  }

  private Token operator() {
    int at = source.at();
    Kind kind = at + 1 < text.length() ? kind(text.substring(at, at + 2)) : null;
    int size = kind == null ? 1 : 2;
    kind = kind == null ? kind(text.substring(at, at + 1)) : kind;
    if (kind == null) {
      throw unexpected();
    }
    balance(text.charAt(at));
    source.advance(at + size);
    return source.token(kind, kind.description(), null);
  }

  private static Kind kind(String operator) {
    return switch (operator.length() == 1 ? operator.charAt(0) : 0) {
      case '+' -> Kind.ADD;
      case '-' -> Kind.SUB;
      case '/' -> Kind.DIV;
      case '*' -> Kind.MUL;
      case '%' -> Kind.MOD;
      case '~' -> Kind.TILDE;
      case '[' -> Kind.LBRACKET;
      case ']' -> Kind.RBRACKET;
      case '(' -> Kind.LPAREN;
      case ')' -> Kind.RPAREN;
      case '{' -> Kind.LBRACE;
      case '}' -> Kind.RBRACE;
      case '>' -> Kind.GT;
      case '<' -> Kind.LT;
      case '=' -> Kind.ASSIGN;
      case '.' -> Kind.DOT;
      case ':' -> Kind.COLON;
      case '|' -> Kind.PIPE;
      case ',' -> Kind.COMMA;
      case ';' -> Kind.SEMICOLON;
      default ->
          switch (operator) {
            case "//" -> Kind.FLOORDIV;
            case "**" -> Kind.POW;
            case "==" -> Kind.EQ;
            case "!=" -> Kind.NE;
            case ">=" -> Kind.GTEQ;
            case "<=" -> Kind.LTEQ;
            default -> null;
          };
    };
  }

  private void balance(char c) {
    switch (c) {
      case '{' -> open.append('}');
      case '(' -> open.append(')');
      case '[' -> open.append(']');
      case '}', ')', ']' -> {
        if (open.isEmpty()) {
          throw source.failure("unexpected '" + c + "'");
        }
        char expected = open.charAt(open.length() - 1);
        open.setLength(open.length() - 1);
        if (expected != c) {
          throw source.failure("unexpected '%c', expected '%c'".formatted(c, expected));
        }
      }
      default -> {}
    }
  }
}

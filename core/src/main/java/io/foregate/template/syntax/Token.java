package io.foregate.template.syntax;

import io.foregate.template.value.Value;

/**
 * A piece of a template.
 *
 * @param text a name, an operator or plain text
 * @param value of a literal, else null
 */
record Token(Kind kind, String text, Value value, int line) {
  /** What a token is, and what messages call it. */
  enum Kind {
    DATA("template data / text"),
    VARIABLE_BEGIN("begin of print statement"),
    VARIABLE_END("end of print statement"),
    BLOCK_BEGIN("begin of statement block"),
    BLOCK_END("end of statement block"),
    NAME("name"),
    STRING("string"),
    INTEGER("integer"),
    FLOAT("float"),
    ADD("+"),
    SUB("-"),
    DIV("/"),
    FLOORDIV("//"),
    MUL("*"),
    MOD("%"),
    POW("**"),
    TILDE("~"),
    LBRACKET("["),
    RBRACKET("]"),
    LPAREN("("),
    RPAREN(")"),
    LBRACE("{"),
    RBRACE("}"),
    EQ("=="),
    NE("!="),
    GT(">"),
    GTEQ(">="),
    LT("<"),
    LTEQ("<="),
    ASSIGN("="),
    DOT("."),
    COLON(":"),
    PIPE("|"),
    COMMA(","),
    SEMICOLON(";"),
    EOF("end of template");

    private final String description;

    Kind(String description) {
      this.description = description;
    }

    String description() {
      return description;
    }
  }

  boolean is(Kind other) {
    return kind == other;
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  /** How messages call it. */
  String description() {
    return kind == Kind.NAME ? text : kind.description();
  }
}

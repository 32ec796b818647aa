package io.foregate.template.syntax;

import io.foregate.template.syntax.Token.Kind;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Str;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.List;

/** Reads what stands by itself: names, literals, lists, dicts and parentheses. */
final class PrimaryParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;

  PrimaryParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /** A name or literal; where a target is wanted, {@code ns.name} too. */
  Expression primary(boolean isTarget) {
    Token token = tokens.current();
    return switch (token.kind()) {
      case NAME -> {
        tokens.next();
        yield name(token, isTarget);
      }
      case STRING -> strings();
      case INTEGER, FLOAT -> {
        tokens.next();
        yield new Expression.Literal(token.value());
      }
      case LPAREN -> {
        tokens.next();
        Expression inside = expressions.tuple(true, true, null);
        tokens.expect(Kind.RPAREN);
        yield inside;
      }
      case LBRACKET -> list();
      case LBRACE -> mapping();
      default ->
          throw TokenStream.failure(
              "unexpected " + Printer.quote(token.description()), token.line());
    };
  }

  /** What a name stands for: a constant or a variable. */
  Expression name(Token token, boolean isTarget) {
    return switch (token.text()) {
      case "true", "True" -> new Expression.Literal(Value.Bool.TRUE);
      case "false", "False" -> new Expression.Literal(Value.Bool.FALSE);
      case "none", "None" -> new Expression.Literal(Value.None.NONE);
      default -> {
        if (isTarget && tokens.skipIf(Kind.DOT)) {
          Token attribute = tokens.expect(Kind.NAME);
          tokens.read(token.text());
          yield new Expression.Chain(
              new Expression.Name(token.text()),
              List.of(new Expression.Attribute(attribute.text(), token.line())));
        }
        if (!isTarget) {
          tokens.read(token.text());
        }
        yield new Expression.Name(token.text());
      }
    };
  }

  private Expression strings() {
    Token first = tokens.next();
    if (!tokens.is(Kind.STRING)) {
      return new Expression.Literal(first.value());
    }
    var text = new StringBuilder(first.text());
    while (tokens.is(Kind.STRING)) {
      text.append(tokens.next().text());
    }
    return new Expression.Literal(Str.of(text.toString()));
  }

  private Expression list() {
    tokens.expect(Kind.LBRACKET);
    var items = new ArrayList<Expression>();
    while (!tokens.is(Kind.RBRACKET)) {
      if (!items.isEmpty()) {
        tokens.expect(Kind.COMMA);
      }
      if (tokens.is(Kind.RBRACKET)) {
        break;
      }
      items.add(expressions.expression());
    }
    tokens.expect(Kind.RBRACKET);
    return new Expression.Items(items, true);
  }

  private Expression mapping() {
    tokens.expect(Kind.LBRACE);
    var keys = new ArrayList<Expression>();
    var values = new ArrayList<Expression>();
    while (!tokens.is(Kind.RBRACE)) {
      if (!keys.isEmpty()) {
        tokens.expect(Kind.COMMA);
      }
      if (tokens.is(Kind.RBRACE)) {
        break;
      }
      keys.add(expressions.expression());
      tokens.expect(Kind.COLON);
      values.add(expressions.expression());
    }
    tokens.expect(Kind.RBRACE);
    return new Expression.Mapping(keys, values);
  }
}

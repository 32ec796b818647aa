package io.foregate.template.syntax;

import io.foregate.template.syntax.Expression.Step;
import io.foregate.template.syntax.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Reads what follows a value: attributes, items, calls, filters and tests. */
final class StepParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;

  StepParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /** A value with what follows it. */
  Expression after(Expression value, boolean withFilters) {
    var steps = new ArrayList<Step>();
    postfix(steps);
    if (withFilters) {
      filters(steps);
    }
    return steps.isEmpty() ? value : new Expression.Chain(value, steps);
  }

  private void postfix(List<Step> steps) {
    while (true) {
      switch (tokens.current().kind()) {
        case DOT, LBRACKET -> steps.add(subscript());
        case LPAREN -> steps.add(call());
        default -> {
          return;
        }
      }
    }
  }

  private void filters(List<Step> steps) {
    while (true) {
      if (tokens.is(Kind.PIPE)) {
        tokens.next();
        steps.add(filter());
      } else if (tokens.isName("is")) {
        steps.add(test());
      } else if (tokens.is(Kind.LPAREN)) {
        steps.add(call());
      } else {
        return;
      }
    }
  }

  /** Filters, the first of which may lack its bar: those of a block. */
  List<Step> blockFilters(boolean startsInline) {
    var filters = new ArrayList<Step>();
    boolean inline = startsInline;
    while (inline || tokens.skipIf(Kind.PIPE)) {
      filters.add(filter());
      inline = false;
    }
    return filters;
  }

  private Step filter() {
    Token name = tokens.expect(Kind.NAME);
    String full = dotted(name.text());
    return new Expression.Filter(
        full, tokens.is(Kind.LPAREN) ? arguments() : Expression.CallArguments.NONE, name.line());
  }

  private String dotted(String first) {
    var name = new StringBuilder(first);
    while (tokens.skipIf(Kind.DOT)) {
      name.append('.').append(tokens.expect(Kind.NAME).text());
    }
    return name.toString();
  }

  private Step test() {
    int line = tokens.next().line();
    boolean negated = tokens.skipIfName("not");
    String name = dotted(tokens.expect(Kind.NAME).text());
    return new Expression.Test(name, testArguments(), negated, line);
  }

  private Expression.CallArguments testArguments() {
    if (tokens.is(Kind.LPAREN)) {
      return arguments();
    }
    boolean begins =
        switch (tokens.current().kind()) {
          case NAME -> !List.of("else", "or", "and").contains(tokens.current().text());
          case STRING, INTEGER, FLOAT, LBRACKET, LBRACE -> true;
          default -> false;
        };
    if (!begins) {
      return Expression.CallArguments.NONE;
    }
    if (tokens.isName("is")) {
      throw TokenStream.failure("You cannot chain multiple tests with is", tokens.line());
    }
    tokens.enter();
    Expression value = after(expressions.primaries().primary(false), false);
    tokens.leave();
    return new Expression.CallArguments(List.of(value), List.of(), null, null);
  }

  private Step subscript() {
    Token token = tokens.next();
    if (token.is(Kind.DOT)) {
      Token attribute = tokens.next();
      if (attribute.is(Kind.NAME)) {
        return new Expression.Attribute(attribute.text(), token.line());
      }
      if (!attribute.is(Kind.INTEGER)) {
        throw TokenStream.failure("expected name or number", attribute.line());
      }
      return new Expression.Item(new Expression.Literal(attribute.value()), token.line());
    }
    var steps = new ArrayList<Step>();
    while (!tokens.is(Kind.RBRACKET)) {
      if (!steps.isEmpty()) {
        tokens.expect(Kind.COMMA);
      }
      steps.add(subscribed());
    }
    tokens.expect(Kind.RBRACKET);
    return steps.size() == 1 ? steps.getFirst() : several(steps, token.line());
  }

  private static Step several(List<Step> steps, int line) {
    var items = new ArrayList<Expression>();
    for (Step step : steps) {
      if (!(step instanceof Expression.Item item)) {
        throw TokenStream.failure("slices cannot be part of a tuple here", line);
      }
      items.add(item.key());
    }
    return new Expression.Item(new Expression.Items(items, false), line);
  }

  private Step subscribed() {
    int line = tokens.line();
    Expression start = null;
    if (!tokens.is(Kind.COLON)) {
      start = expressions.expression();
      if (!tokens.is(Kind.COLON)) {
        return new Expression.Item(start, line);
      }
    }
    tokens.next();
    Expression stop = tokens.is(Kind.COLON) ? null : bound();
    Expression step = tokens.skipIf(Kind.COLON) ? bound() : null;
    return new Expression.Slice(start, stop, step, line);
  }

  private Expression bound() {
    return tokens.is(Kind.RBRACKET) || tokens.is(Kind.COMMA) ? null : expressions.expression();
  }

  private Step call() {
    int line = tokens.line();
    return new Expression.Call(arguments(), line);
  }

  private Expression.CallArguments arguments() {
    int line = tokens.expect(Kind.LPAREN).line();
    var positional = new ArrayList<Expression>();
    var named = new ArrayList<Expression.Named>();
    var names = new HashSet<String>();
    Expression rest = null;
    Expression namedRest = null;
    boolean first = true;
    while (!tokens.is(Kind.RPAREN)) {
      if (!first) {
        tokens.expect(Kind.COMMA);
        if (tokens.is(Kind.RPAREN)) {
          break;
        }
      }
      first = false;
      if (tokens.skipIf(Kind.MUL)) {
        require(rest == null && namedRest == null, line);
        rest = expressions.expression();
      } else if (tokens.skipIf(Kind.POW)) {
        require(namedRest == null, line);
        namedRest = expressions.expression();
      } else if (tokens.is(Kind.NAME) && tokens.look().is(Kind.ASSIGN)) {
        require(namedRest == null, line);
        String name = tokens.next().text();
        if (!names.add(name)) {
          throw TokenStream.failure("keyword argument repeated: " + name, line);
        }
        tokens.next();
        named.add(new Expression.Named(name, expressions.expression()));
      } else {
        require(rest == null && namedRest == null && named.isEmpty(), line);
        positional.add(expressions.expression());
      }
    }
    tokens.expect(Kind.RPAREN);
    return new Expression.CallArguments(positional, named, rest, namedRest);
  }

  private static void require(boolean valid, int line) {
    if (!valid) {
      throw TokenStream.failure("invalid syntax for function call expression", line);
    }
  }
}

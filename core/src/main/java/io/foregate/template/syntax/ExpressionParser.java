package io.foregate.template.syntax;

import io.foregate.template.operation.Operator;
import io.foregate.template.operation.RichComparison.Order;
import io.foregate.template.syntax.Expression.Relation;
import io.foregate.template.syntax.Token.Kind;
import io.foregate.template.value.Printer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Reads what operators join, by jinja2's precedence, and tuples. For one thread. */
final class ExpressionParser {
  private final TokenStream tokens;
  private final PrimaryParser primaries;
  private final StepParser steps;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    primaries = new PrimaryParser(tokens, this);
    steps = new StepParser(tokens, this);
  }

  PrimaryParser primaries() {
    return primaries;
  }

  StepParser steps() {
    return steps;
  }

  /** An expression, with {@code if} and {@code else}. */
  Expression expression() {
    tokens.enter();
    int line = tokens.line();
    Expression value = junction(false);
    while (tokens.skipIfName("if")) {
      Expression test = junction(false);
      Expression otherwise = tokens.skipIfName("else") ? expression() : null;
      value = new Expression.Conditional(test, value, otherwise, line);
      line = tokens.line();
    }
    tokens.leave();
    return value;
  }

  /** An expression without {@code if}. */
  Expression unconditional() {
    tokens.enter();
    Expression value = junction(false);
    tokens.leave();
    return value;
  }

  private Expression junction(boolean isAnd) {
    Expression first = isAnd ? not() : junction(true);
    String word = isAnd ? "and" : "or";
    if (!tokens.isName(word)) {
      return first;
    }
    var parts = new ArrayList<Expression>(List.of(first));
    while (tokens.skipIfName(word)) {
      parts.add(isAnd ? not() : junction(true));
    }
    return new Expression.Junction(isAnd, parts);
  }

  private Expression not() {
    if (!tokens.skipIfName("not")) {
      return comparison();
    }
    tokens.enter();
    Expression operand = not();
    tokens.leave();
    return new Expression.Not(operand);
  }

  private Expression comparison() {
    Expression first = sum();
    Relation relation = relation();
    if (relation == null) {
      return first;
    }
    var relations = new ArrayList<Relation>();
    var operands = new ArrayList<Expression>();
    for (; relation != null; relation = relation()) {
      relations.add(relation);
      operands.add(sum());
    }
    return new Expression.Comparison(first, relations, operands);
  }

  /** The relation that begins here, behind which the next operand stands, or null. */
  private Relation relation() {
    if (tokens.isName("not") && tokens.look().isName("in")) {
      tokens.next();
      tokens.next();
      return new Relation(Relation.Kind.NOT_IN, null);
    }
    if (tokens.skipIfName("in")) {
      return new Relation(Relation.Kind.IN, null);
    }
    Relation relation =
        switch (tokens.current().kind()) {
          case EQ -> new Relation(Relation.Kind.EQUAL, null);
          case NE -> new Relation(Relation.Kind.UNEQUAL, null);
          case LT -> new Relation(Relation.Kind.ORDERED, Order.LESS);
          case LTEQ -> new Relation(Relation.Kind.ORDERED, Order.LESS_OR_EQUAL);
          case GT -> new Relation(Relation.Kind.ORDERED, Order.GREATER);
          case GTEQ -> new Relation(Relation.Kind.ORDERED, Order.GREATER_OR_EQUAL);
          default -> null;
        };
    if (relation != null) {
      tokens.next();
    }
    return relation;
  }

  private Expression sum() {
    Expression first = concatenation();
    if (!tokens.is(Kind.ADD) && !tokens.is(Kind.SUB)) {
      return first;
    }
    var operators = new ArrayList<Operator>();
    var operands = new ArrayList<Expression>();
    while (tokens.is(Kind.ADD) || tokens.is(Kind.SUB)) {
      operators.add(tokens.next().is(Kind.ADD) ? Operator.ADD : Operator.SUBTRACT);
      operands.add(concatenation());
    }
    return new Expression.Arithmetic(first, operators, operands);
  }

  private Expression concatenation() {
    Expression first = product();
    if (!tokens.is(Kind.TILDE)) {
      return first;
    }
    var parts = new ArrayList<Expression>(List.of(first));
    while (tokens.skipIf(Kind.TILDE)) {
      parts.add(product());
    }
    return new Expression.Concatenation(parts);
  }

  private Expression product() {
    Expression first = power();
    Operator operator = productOperator();
    if (operator == null) {
      return first;
    }
    var operators = new ArrayList<Operator>();
    var operands = new ArrayList<Expression>();
    for (; operator != null; operator = productOperator()) {
      tokens.next();
      operators.add(operator);
      operands.add(power());
    }
    return new Expression.Arithmetic(first, operators, operands);
  }

  private Operator productOperator() {
    return switch (tokens.current().kind()) {
      case MUL -> Operator.MULTIPLY;
      case DIV -> Operator.DIVIDE;
      case FLOORDIV -> Operator.FLOOR_DIVIDE;
      case MOD -> Operator.MODULO;
      default -> null;
    };
  }

  private Expression power() {
    Expression first = unary(true);
    if (!tokens.is(Kind.POW)) {
      return first;
    }
    var operators = new ArrayList<Operator>();
    var operands = new ArrayList<Expression>();
    while (tokens.skipIf(Kind.POW)) {
      operators.add(Operator.POWER);
      operands.add(unary(true));
    }
    return new Expression.Arithmetic(first, operators, operands);
  }

  private Expression unary(boolean withFilters) {
    Expression value;
    if (tokens.is(Kind.SUB) || tokens.is(Kind.ADD)) {
      tokens.enter();
      boolean negative = tokens.next().is(Kind.SUB);
      value = new Expression.Signed(negative, unary(false));
      tokens.leave();
    } else {
      value = primaries.primary(false);
    }
    return steps.after(value, withFilters);
  }

  /**
   * An expression, or a tuple of several.
   *
   * @param end a name that ends it, or null
   */
  Expression tuple(boolean parentheses, boolean conditional, String end) {
    return tuple(parentheses, end, conditional ? this::expression : this::unconditional);
  }

  /** As the other, of parts that are read by {@code part}. */
  Expression tuple(boolean parentheses, String end, Supplier<Expression> part) {
    var items = new ArrayList<Expression>();
    boolean isTuple = false;
    while (true) {
      if (!items.isEmpty()) {
        tokens.expect(Kind.COMMA);
      }
      if (isTupleEnd(end)) {
        break;
      }
      items.add(part.get());
      if (!tokens.is(Kind.COMMA)) {
        break;
      }
      isTuple = true;
    }
    return tuple(items, isTuple, parentheses);
  }

  private Expression tuple(List<Expression> items, boolean isTuple, boolean parentheses) {
    if (!isTuple && !items.isEmpty()) {
      return items.getFirst();
    }
    if (!isTuple && !parentheses) {
      throw TokenStream.failure(
          "Expected an expression, got " + Printer.quote(tokens.current().description()),
          tokens.line());
    }
    return new Expression.Items(items, false);
  }

  private boolean isTupleEnd(String end) {
    return tokens.is(Kind.VARIABLE_END)
        || tokens.is(Kind.BLOCK_END)
        || tokens.is(Kind.RPAREN)
        || (end != null && tokens.isName(end));
  }
}

package io.foregate.template.syntax;

import io.foregate.template.operation.Operator;
import io.foregate.template.operation.RichComparison;
import io.foregate.template.value.Value;
import java.util.List;

/**
 * What has a value. Long chains of one kind of operator are one node, so that only what is nested
 * in the template nests here.
 */
public sealed interface Expression {
  /** A constant. */
  record Literal(Value value) implements Expression {}

  /** A variable. */
  record Name(String name) implements Expression {}

  /** A list or tuple. */
  record Items(List<Expression> items, boolean isList) implements Expression {}

  /** A dictionary: {@code keys} and {@code values} in pairs. */
  record Mapping(List<Expression> keys, List<Expression> values) implements Expression {}

  /** A value and what is done to it, from left to right. */
  record Chain(Expression first, List<Step> steps) implements Expression {}

  /** Operators of the same precedence, from left to right. */
  record Arithmetic(Expression first, List<Operator> operators, List<Expression> operands)
      implements Expression {}

  /** A minus or plus before a value. */
  record Signed(boolean negative, Expression operand) implements Expression {}

  /** Texts joined by tildes. */
  record Concatenation(List<Expression> parts) implements Expression {}

  /** Comparisons, each of neighbours. */
  record Comparison(Expression first, List<Relation> relations, List<Expression> operands)
      implements Expression {}

  /** {@code and} or {@code or}. */
  record Junction(boolean isAnd, List<Expression> parts) implements Expression {}

  /** {@code not}. */
  record Not(Expression operand) implements Expression {}

  /** {@code then if test else otherwise}, which may be null. */
  record Conditional(Expression test, Expression then, Expression otherwise, int line)
      implements Expression {}

  /** How two values compare: an order, or one of the others. */
  record Relation(Kind kind, RichComparison.Order order) {
    /** What is asked. */
    public enum Kind {
      EQUAL,
      UNEQUAL,
      IN,
      NOT_IN,
      ORDERED
    }
  }

  /** What is done to a value. */
  sealed interface Step {
    /** Where. */
    int line();
  }

  /** {@code .name}. */
  record Attribute(String name, int line) implements Step {}

  /** {@code [key]}. */
  record Item(Expression key, int line) implements Step {}

  /** {@code [start:stop:step]}, each of which may be null. */
  record Slice(Expression start, Expression stop, Expression step, int line) implements Step {}

  /** {@code (..)}. */
  record Call(CallArguments arguments, int line) implements Step {}

  /** {@code |name(..)}. */
  record Filter(String name, CallArguments arguments, int line) implements Step {}

  /** {@code is name} or {@code is not name}. */
  record Test(String name, CallArguments arguments, boolean negated, int line) implements Step {}

  /** Arguments of a call; {@code rest} ({@code *x}) and {@code namedRest} may be null. */
  record CallArguments(
      List<Expression> positional, List<Named> named, Expression rest, Expression namedRest) {
    static final CallArguments NONE = new CallArguments(List.of(), List.of(), null, null);
  }

  /** {@code name=value}. */
  record Named(String name, Expression value) {}
}

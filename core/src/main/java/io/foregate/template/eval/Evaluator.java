package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.Operator;
import io.foregate.template.operation.RichComparison;
import io.foregate.template.syntax.Expression;
import io.foregate.template.syntax.Expression.CallArguments;
import io.foregate.template.syntax.Expression.Relation;
import io.foregate.template.syntax.Expression.Step;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Facility;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Markup;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Works out expressions. For one rendering. */
final class Evaluator {
  private final Interpreter interpreter;
  private final Budget budget;
  private final Access access;
  private final Globals globals;

  Evaluator(Interpreter interpreter) {
    this.interpreter = interpreter;
    this.budget = interpreter.budget();
    this.access = new Access(interpreter);
    this.globals = new Globals(interpreter);
  }

  Access access() {
    return access;
  }

  /** The value of an expression. */
  Value evaluate(Expression expression, Scope scope) {
    budget.enter();
    Value value =
        switch (expression) {
          case Expression.Literal literal -> literal.value();
          case Expression.Name name -> variable(name.name(), scope);
          case Expression.Chain chain ->
              steps(evaluate(chain.first(), scope), chain.steps(), chain.steps().size(), scope);
          case Expression.Items items -> items(items, scope);
          case Expression.Mapping mapping -> mapping(mapping, scope);
          case Expression.Arithmetic arithmetic -> arithmetic(arithmetic, scope);
          case Expression.Signed signed ->
              Operator.sign(signed.negative(), evaluate(signed.operand(), scope), budget);
          case Expression.Concatenation concatenation -> concatenation(concatenation, scope);
          case Expression.Comparison comparison -> comparison(comparison, scope);
          case Expression.Junction junction -> junction(junction, scope);
          case Expression.Not not -> Value.Bool.of(!evaluate(not.operand(), scope).truth());
          case Expression.Conditional conditional -> conditional(conditional, scope);
        };
    budget.leave();
    return value;
  }

  private Value variable(String name, Scope scope) {
    Value value = scope.get(name);
    if (value == null) {
      value = globals.get(name);
    }
    return value == null ? Undefined.variable(name) : value;
  }

  private Value items(Expression.Items items, Scope scope) {
    var values = new ArrayList<Value>(items.items().size());
    for (Expression item : items.items()) {
      values.add(evaluate(item, scope));
    }
    return items.isList() ? Seq.list(values, budget) : Seq.tuple(values, budget);
  }

  private Value mapping(Expression.Mapping mapping, Scope scope) {
    budget.bytes(128);
    var dict = new Dict();
    for (int i = 0; i < mapping.keys().size(); i++) {
      Value key = evaluate(mapping.keys().get(i), scope);
      dict.put(key, evaluate(mapping.values().get(i), scope), budget);
    }
    return dict;
  }

  private Value arithmetic(Expression.Arithmetic arithmetic, Scope scope) {
    Value value = evaluate(arithmetic.first(), scope);
    for (int i = 0; i < arithmetic.operators().size(); i++) {
      Value operand = evaluate(arithmetic.operands().get(i), scope);
      value = arithmetic.operators().get(i).apply(value, operand, budget);
    }
    return value;
  }

  private Value concatenation(Expression.Concatenation concatenation, Scope scope) {
    var values = new ArrayList<Value>(concatenation.parts().size());
    boolean safe = false;
    for (Expression part : concatenation.parts()) {
      Value value = evaluate(part, scope);
      values.add(value);
      safe |= value instanceof Str s && s.isSafe();
    }
    boolean escape = safe && interpreter.escapes();
    var out = new TextBuilder(budget);
    for (Value value : values) {
      out.append(escape ? Markup.escape(value, budget).text() : Printer.str(value, budget));
    }
    return new Str(out.toString(), escape);
  }

  private Value comparison(Expression.Comparison comparison, Scope scope) {
    Value left = evaluate(comparison.first(), scope);
    for (int i = 0; i < comparison.relations().size(); i++) {
      Value right = evaluate(comparison.operands().get(i), scope);
      if (!holds(comparison.relations().get(i), left, right)) {
        return Value.Bool.FALSE;
      }
      left = right;
    }
    return Value.Bool.TRUE;
  }

  private boolean holds(Relation relation, Value left, Value right) {
    return switch (relation.kind()) {
      case EQUAL -> RichComparison.equal(left, right, budget);
      case UNEQUAL -> !RichComparison.equal(left, right, budget);
      case IN -> RichComparison.contains(right, left, budget);
      case NOT_IN -> !RichComparison.contains(right, left, budget);
      case ORDERED -> RichComparison.ordered(relation.order(), left, right, budget);
    };
  }

  private Value junction(Expression.Junction junction, Scope scope) {
    Value value = Value.None.NONE;
    for (Expression part : junction.parts()) {
      value = evaluate(part, scope);
      if (value.truth() != junction.isAnd()) {
        return value;
      }
    }
    return value;
  }

  private Value conditional(Expression.Conditional conditional, Scope scope) {
    if (evaluate(conditional.test(), scope).truth()) {
      return evaluate(conditional.then(), scope);
    }
    return conditional.otherwise() != null
        ? evaluate(conditional.otherwise(), scope)
        : Undefined.because(
            "the inline if-expression on line %d evaluated to false and no else section was defined."
                .formatted(conditional.line()));
  }

  // ---- What follows a value ----

  /** A value after the first of the steps. */
  private Value steps(Value first, List<Step> steps, int count, Scope scope) {
    Value value = first;
    for (int i = 0; i < count; i++) {
      value = step(value, steps.get(i), scope);
    }
    return value;
  }

  private Value step(Value value, Step step, Scope scope) {
    budget.step();
    interpreter.at(step.line());
    return switch (step) {
      case Expression.Attribute attribute -> access.attribute(value, attribute.name());
      case Expression.Item item -> access.item(value, evaluate(item.key(), scope));
      case Expression.Slice slice ->
          access.slice(
              value,
              optional(slice.start(), scope),
              optional(slice.stop(), scope),
              optional(slice.step(), scope));
      case Expression.Call call -> call(value, arguments(call.arguments(), null, scope));
      case Expression.Filter filter -> filter(value, filter, scope);
      case Expression.Test test ->
          Value.Bool.of(
              Tests.apply(interpreter, test.name(), value, arguments(test.arguments(), null, scope))
                      .truth()
                  != test.negated());
    };
  }

  private Value filter(Value value, Expression.Filter filter, Scope scope) {
    return Filters.apply(
        interpreter, filter.name(), value, arguments(filter.arguments(), null, scope));
  }

  private Value optional(Expression expression, Scope scope) {
    return expression == null ? null : evaluate(expression, scope);
  }

  /** A text after filters. */
  Value filtered(Value text, List<Step> filters, Scope scope) {
    return steps(text, filters, filters.size(), scope);
  }

  /** What a call returns. */
  Value call(Value callee, Arguments arguments) {
    if (callee instanceof Facility facility && facility.code() != null) {
      return facility.code().call(arguments);
    }
    if (callee instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw TemplateException.of("'%s' object is not callable".formatted(callee.typeName()));
  }

  /** What the call at the end of a chain returns, if it can call a body. */
  Value call(Expression.Chain chain, Value caller, Scope scope) {
    List<Step> steps = chain.steps();
    Value callee = steps(evaluate(chain.first(), scope), steps, steps.size() - 1, scope);
    var call = (Expression.Call) steps.getLast();
    interpreter.at(call.line());
    return call(callee, arguments(call.arguments(), caller, scope));
  }

  private Arguments arguments(CallArguments arguments, Value caller, Scope scope) {
    if (arguments.positional().isEmpty()
        && arguments.named().isEmpty()
        && arguments.rest() == null
        && arguments.namedRest() == null
        && caller == null) {
      return Arguments.NONE;
    }
    var positional = new ArrayList<Value>();
    for (Expression argument : arguments.positional()) {
      positional.add(evaluate(argument, scope));
    }
    if (arguments.rest() != null) {
      positional.addAll(rest(evaluate(arguments.rest(), scope)));
    }
    Map<String, Value> named = new LinkedHashMap<>();
    for (Expression.Named argument : arguments.named()) {
      named.put(argument.name(), evaluate(argument.value(), scope));
    }
    if (caller != null) {
      named.put("caller", caller);
    }
    if (arguments.namedRest() != null) {
      namedRest(evaluate(arguments.namedRest(), scope), named);
    }
    budget.list(2L * positional.size() + 8L * named.size());
    return new Arguments(positional, named);
  }

  private List<Value> rest(Value value) {
    if (!Iteration.isIterable(value)) {
      throw TemplateException.of("Value after * must be an iterable, not " + value.typeName());
    }
    return Iteration.all(value, budget);
  }

  private void namedRest(Value value, Map<String, Value> named) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!(value instanceof Dict dict)) {
      throw TemplateException.of("argument after ** must be a mapping, not " + value.typeName());
    }
    for (Dict.Entry entry : dict.entries()) {
      if (!(entry.key() instanceof Str name)) {
        throw TemplateException.of("keywords must be strings");
      }
      if (named.put(name.text(), entry.value()) != null) {
        throw TemplateException.of(
            "got multiple values for keyword argument " + Printer.quote(name.text()));
      }
    }
  }
}

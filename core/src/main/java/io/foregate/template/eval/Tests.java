package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.Operator;
import io.foregate.template.operation.Predicates;
import io.foregate.template.operation.RichComparison;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Facility;
import io.foregate.template.value.Int;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Range;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** All tests by name: what may follow {@code is}. */
public final class Tests {
  /** Whether a value, with the other arguments, passes. */
  @FunctionalInterface
  private interface Body {
    boolean passes(Interpreter interpreter, Value[] arguments);
  }

  private record Test(Signature signature, Body body) {}

  private static final Map<String, Test> ALL = all();

  private Tests() {}

  private static Map<String, Test> all() {
    var tests = new HashMap<String, Test>();
    plain(tests, "defined", value -> !(value instanceof Undefined));
    plain(tests, "undefined", value -> value instanceof Undefined);
    plain(tests, "none", value -> value == Value.None.NONE);
    plain(tests, "boolean", value -> value instanceof Value.Bool);
    plain(tests, "true", value -> value == Value.Bool.TRUE);
    plain(tests, "false", value -> value == Value.Bool.FALSE);
    plain(tests, "integer", value -> value instanceof Int);
    plain(tests, "float", value -> value instanceof Value.Real);
    plain(tests, "number", Numbers::isNumber);
    plain(tests, "string", value -> value instanceof Str);
    plain(tests, "mapping", value -> value instanceof Dict);
    plain(tests, "iterable", Iteration::isIterable);
    plain(
        tests,
        "sequence",
        value ->
            value instanceof Str
                || value instanceof Seq
                || value instanceof Dict
                || value instanceof Range
                || value instanceof Undefined);
    plain(
        tests,
        "callable",
        value -> value instanceof Undefined || (value instanceof Facility f && f.code() != null));
    plain(tests, "escaped", value -> value instanceof Str s && s.isSafe());
    add(tests, "lower", "test_lower(value)", (in, a) -> cased(in, "islower", a[0]));
    add(tests, "upper", "test_upper(value)", (in, a) -> cased(in, "isupper", a[0]));
    add(tests, "odd", "test_odd(value)", (in, a) -> remainder(a[0], Int.of(2), 1, in.budget()));
    add(tests, "even", "test_even(value)", (in, a) -> remainder(a[0], Int.of(2), 0, in.budget()));
    add(
        tests,
        "divisibleby",
        "test_divisibleby(value, num)",
        (in, a) -> remainder(a[0], a[1], 0, in.budget()));
    add(tests, "sameas", "test_sameas(value, other)", (in, a) -> isSame(a[0], a[1]));
    add(
        tests,
        "in",
        "test_in(value, seq)",
        (in, a) -> RichComparison.contains(a[1], a[0], in.budget()));
    add(
        tests,
        "filter",
        "test_filter(@env, value)",
        (in, a) -> Filters.names().contains(Printer.str(a[0], in.budget())));
    add(
        tests,
        "test",
        "test_test(@env, value)",
        (in, a) -> names().contains(Printer.str(a[0], in.budget())));
    relations(tests);
    return Map.copyOf(tests);
  }

  private static void plain(Map<String, Test> tests, String name, Predicate<Value> test) {
    add(tests, name, "test_%s(value)".formatted(name), (in, a) -> test.test(a[0]));
  }

  private static void add(Map<String, Test> tests, String name, String signature, Body body) {
    tests.put(name, new Test(Signature.of(signature), body));
  }

  private static void relations(Map<String, Test> tests) {
    Body equal = (in, a) -> RichComparison.equal(a[0], a[1], in.budget());
    for (String name : new String[] {"==", "eq", "equalto"}) {
      add(tests, name, "eq(a, b)", equal);
    }
    Body unequal = (in, a) -> !RichComparison.equal(a[0], a[1], in.budget());
    for (String name : new String[] {"!=", "ne"}) {
      add(tests, name, "ne(a, b)", unequal);
    }
    order(tests, RichComparison.Order.GREATER, ">", "gt", "greaterthan");
    order(tests, RichComparison.Order.GREATER_OR_EQUAL, ">=", "ge");
    order(tests, RichComparison.Order.LESS, "<", "lt", "lessthan");
    order(tests, RichComparison.Order.LESS_OR_EQUAL, "<=", "le");
  }

  private static void order(Map<String, Test> tests, RichComparison.Order order, String... names) {
    for (String name : names) {
      add(
          tests,
          name,
          name + "(a, b)",
          (in, a) -> RichComparison.ordered(order, a[0], a[1], in.budget()));
    }
  }

  private static boolean cased(Interpreter in, String predicate, Value value) {
    return Predicates.test(predicate, Printer.str(value, in.budget()), in.budget());
  }

  private static boolean remainder(Value value, Value divisor, int wanted, Budget budget) {
    Value rest = Operator.MODULO.apply(value, divisor, budget);
    return RichComparison.equal(rest, Int.of(wanted), budget);
  }

  /** Whether Python would call both the same object: small integers and equal constants are. */
  @SuppressWarnings("ReferenceEquality") // what the test asks
  private static boolean isSame(Value a, Value b) {
    return a == b || (a instanceof Int x && b instanceof Int y && x.equals(y));
  }

  /** The names that tests have. */
  public static Set<String> names() {
    return ALL.keySet();
  }

  /** Whether a value passes the test of a step. */
  static Value apply(Interpreter in, String name, Value value, Arguments arguments) {
    return apply(in, name, " found.", value, arguments);
  }

  /** Whether a value passes a test that a filter names. */
  static Value applyNamed(Interpreter in, String name, Value value, Arguments arguments) {
    return apply(in, name, ".", value, arguments);
  }

  private static Value apply(
      Interpreter in, String name, String end, Value value, Arguments arguments) {
    Test test = ALL.get(name);
    if (test == null) {
      throw TemplateException.of("No test named '" + name + "'" + end);
    }
    return Value.Bool.of(test.body().passes(in, test.signature().bind(value, arguments)));
  }
}

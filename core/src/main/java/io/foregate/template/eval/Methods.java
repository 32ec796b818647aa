package io.foregate.template.eval;

import io.foregate.template.TemplateException;
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
import io.foregate.template.value.Value;
import io.foregate.template.value.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The attributes and methods of Python's own types; those that change a value are refused. */
final class Methods {
  private static final Set<String> CHANGING_DICT =
      Set.of("clear", "pop", "popitem", "setdefault", "update");
  private static final Set<String> CHANGING_LIST =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");

  private final Budget budget;
  private final TextMethods texts;

  Methods(Interpreter interpreter) {
    this.budget = interpreter.budget();
    this.texts = new TextMethods(interpreter);
  }

  /** An attribute of a value, or null. */
  Value get(Value value, String name) {
    return switch (value) {
      case Str s -> texts.get(s, name);
      case Dict d -> dict(d, name);
      case Seq s -> sequence(s, name);
      case Range r -> range(r, name);
      case View v -> view(v, name);
      case Int i -> number(i, name);
      case Value.Bool b -> number(Numbers.integer(b), name);
      case Value.Real r -> real(r, name);
      default -> null;
    };
  }

  private static Value none(Value of, String name, java.util.function.Supplier<Value> code) {
    return Facility.method(
        name,
        of,
        arguments -> {
          require(of.typeName() + "." + name, arguments, 0, 0);
          return code.get();
        });
  }

  /** Checks the number of arguments of a method that takes no keywords. */
  static void require(String name, Arguments arguments, int least, int most) {
    if (!arguments.named().isEmpty()) {
      throw TemplateException.of(name + "() takes no keyword arguments");
    }
    int given = arguments.positional().size();
    if (given >= least && given <= most) {
      return;
    }
    String bare = name.substring(name.indexOf('.') + 1);
    throw TemplateException.of(
        most == 0
            ? "%s() takes no arguments (%d given)".formatted(name, given)
            : least == most && most == 1
                ? "%s() takes exactly one argument (%d given)".formatted(name, given)
                : "%s expected at %s %d argument%s, got %d"
                    .formatted(
                        bare,
                        given < least ? "least" : "most",
                        given < least ? least : most,
                        (given < least ? least : most) == 1 ? "" : "s",
                        given));
  }

  private Value dict(Dict dict, String name) {
    if (CHANGING_DICT.contains(name)) {
      return Access.unsafe(dict, name);
    }
    return switch (name) {
      case "items" -> none(dict, name, () -> new View(dict, View.Part.ITEMS));
      case "keys" -> none(dict, name, () -> new View(dict, View.Part.KEYS));
      case "values" -> none(dict, name, () -> new View(dict, View.Part.VALUES));
      case "copy" -> none(dict, name, () -> dict);
      case "get" -> Facility.method(name, dict, arguments -> get(dict, arguments));
      case "fromkeys" -> Facility.method(name, dict, this::fromKeys);
      default -> null;
    };
  }

  private Value get(Dict dict, Arguments arguments) {
    require("dict.get", arguments, 1, 2);
    Value value = dict.get(arguments.positional().getFirst(), budget);
    if (value != null) {
      return value;
    }
    return arguments.positional().size() == 2 ? arguments.positional().get(1) : Value.None.NONE;
  }

  private Value fromKeys(Arguments arguments) {
    require("dict.fromkeys", arguments, 1, 2);
    Value value =
        arguments.positional().size() == 2 ? arguments.positional().get(1) : Value.None.NONE;
    var dict = new Dict();
    for (Value key : Iteration.all(arguments.positional().getFirst(), budget)) {
      dict.put(key, value, budget);
    }
    return dict;
  }

  private Value sequence(Seq s, String name) {
    if (s.isList() && CHANGING_LIST.contains(name)) {
      return Access.unsafe(s, name);
    }
    if (s.kind() == Seq.Kind.GROUP && name.equals("grouper")) {
      return s.items().get(0);
    }
    if (s.kind() == Seq.Kind.GROUP && name.equals("list")) {
      return s.items().get(1);
    }
    return switch (name) {
      case "index" -> Facility.method(name, s, arguments -> index(s, arguments));
      case "count" -> Facility.method(name, s, arguments -> count(s, s.items(), arguments));
      case "copy" ->
          s.isList() ? none(s, name, () -> Seq.list(new ArrayList<>(s.items()), budget)) : null;
      default -> null;
    };
  }

  private Value index(Seq s, Arguments arguments) {
    String type = s.isList() ? "list" : "tuple";
    require(type + ".index", arguments, 1, 3);
    List<Value> values = arguments.positional();
    int size = s.items().size();
    int from = bound(values, 1, 0, size);
    int to = bound(values, 2, size, size);
    for (int i = from; i < to; i++) {
      budget.step();
      Value item = s.items().get(i);
      if (RichComparison.same(item, values.getFirst(), budget)) {
        return Int.of(i);
      }
    }
    throw TemplateException.of(
        s.isList()
            ? Printer.repr(values.getFirst(), budget) + " is not in list"
            : "tuple.index(x): x not in tuple");
  }

  private static int bound(List<Value> values, int place, int otherwise, int size) {
    if (place >= values.size()) {
      return otherwise;
    }
    if (!Numbers.isInteger(values.get(place))) {
      throw TemplateException.of("slice indices must be integers or have an __index__ method");
    }
    long bound = Numbers.integer(values.get(place)).clamped();
    return (int) Math.max(0, Math.min(size, bound < 0 ? bound + size : bound));
  }

  private Value count(Value of, List<Value> items, Arguments arguments) {
    require(of.typeName() + ".count", arguments, 1, 1);
    int count = 0;
    for (Value item : items) {
      budget.step();
      Value wanted = arguments.positional().getFirst();
      count += RichComparison.same(item, wanted, budget) ? 1 : 0;
    }
    return Int.of(count);
  }

  private Value range(Range r, String name) {
    return switch (name) {
      case "start" -> Int.of(r.start());
      case "stop" -> Int.of(r.stop());
      case "step" -> Int.of(r.step());
      case "count" ->
          Facility.method(name, r, arguments -> count(r, Iteration.all(r, budget), arguments));
      case "index" ->
          Facility.method(
              name,
              r,
              arguments -> index(new Seq(Iteration.all(r, budget), Seq.Kind.LIST), arguments));
      default -> null;
    };
  }

  private static Value view(View v, String name) {
    return name.equals("mapping") ? v.dict() : null;
  }

  private static Value number(Int i, String name) {
    return switch (name) {
      case "real", "numerator" -> i;
      case "imag" -> Int.of(0);
      case "denominator" -> Int.of(1);
      case "bit_length" -> none(i, name, () -> Int.of(i.exact().abs().bitLength()));
      case "conjugate" -> none(i, name, () -> i);
      default -> null;
    };
  }

  private static Value real(Value.Real r, String name) {
    return switch (name) {
      case "real" -> r;
      case "imag" -> new Value.Real(0);
      case "conjugate" -> none(r, name, () -> r);
      case "is_integer" ->
          none(
              r,
              name,
              () ->
                  Value.Bool.of(
                      !Double.isInfinite(r.value()) && r.value() == Math.rint(r.value())));
      default -> null;
    };
  }
}

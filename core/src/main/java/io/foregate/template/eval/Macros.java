package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.syntax.Expression;
import io.foregate.template.syntax.Statement;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Facility;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Macros, and the bodies of call blocks, as values. */
final class Macros {
  private final Interpreter interpreter;

  Macros(Interpreter interpreter) {
    this.interpreter = interpreter;
  }

  /** The value of a macro that is defined in a scope. */
  Value macro(Statement.Macro macro, Scope scope) {
    boolean escapes = interpreter.escapes();
    String name = macro.name() == null ? "anonymous" : Printer.quote(macro.name());
    return new Facility(
        "jinja2.runtime.Macro",
        () -> "<Macro " + name + ">",
        attribute -> attribute(macro, attribute),
        arguments -> interpreter.written(macro.body(), bind(macro, scope, arguments), escapes));
  }

  private Value attribute(Statement.Macro macro, String name) {
    return switch (name) {
      case "name" -> macro.name() == null ? Value.None.NONE : Str.of(macro.name());
      case "arguments" ->
          Seq.tuple(macro.parameters().stream().<Value>map(Str::of).toList(), interpreter.budget());
      case "catch_kwargs" -> Value.Bool.of(macro.uses().named());
      case "catch_varargs" -> Value.Bool.of(macro.uses().rest());
      case "caller" -> Value.Bool.of(macro.uses().caller());
      default -> null;
    };
  }

  private Scope bind(Statement.Macro macro, Scope outer, Arguments arguments) {
    Scope scope = interpreter.inner(outer);
    Map<String, Value> named = new LinkedHashMap<>(arguments.named());
    List<String> parameters = macro.parameters();
    int given = Math.min(arguments.positional().size(), parameters.size());
    var values = new Value[parameters.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i < given ? arguments.positional().get(i) : named.remove(parameters.get(i));
    }
    if (macro.uses().caller() && !parameters.contains("caller")) {
      Value caller = named.remove("caller");
      scope.set("caller", caller == null ? Undefined.because("No caller defined") : caller);
    }
    if (macro.uses().named()) {
      scope.set("kwargs", dict(named));
    } else if (!named.isEmpty()) {
      throw superfluous(macro, named);
    }
    if (macro.uses().rest()) {
      List<Value> all = arguments.positional();
      scope.set("varargs", Seq.tuple(all.subList(given, all.size()), interpreter.budget()));
    } else if (arguments.positional().size() > parameters.size()) {
      throw TemplateException.of(
          "macro %s takes not more than %d argument(s)".formatted(name(macro), parameters.size()));
    }
    defaults(macro, values, scope);
    return scope;
  }

  private static String name(Statement.Macro macro) {
    return macro.name() == null ? "None" : Printer.quote(macro.name());
  }

  private static TemplateException superfluous(Statement.Macro macro, Map<String, Value> named) {
    return TemplateException.of(
        named.containsKey("caller")
            ? ("macro %s was invoked with two values for the special caller argument. This is most"
                    + " likely a bug.")
                .formatted(name(macro))
            : "macro %s takes no keyword argument %s"
                .formatted(name(macro), Printer.quote(named.keySet().iterator().next())));
  }

  private Value dict(Map<String, Value> named) {
    var dict = new Dict();
    named.forEach((name, value) -> dict.put(Str.of(name), value, interpreter.budget()));
    return dict;
  }

  /** Sets the parameters; a default may use those before it. */
  private void defaults(Statement.Macro macro, Value[] values, Scope scope) {
    List<Expression> defaults = macro.defaults();
    int required = values.length - defaults.size();
    for (int i = 0; i < values.length; i++) {
      String name = macro.parameters().get(i);
      if (values[i] == null) {
        scope.set(name, Undefined.variable(name)); // hides one of the same name around the macro
      }
    }
    for (int i = 0; i < values.length; i++) {
      String name = macro.parameters().get(i);
      Value value = values[i];
      if (value == null) {
        value =
            i < required
                ? Undefined.because("parameter %s was not provided".formatted(Printer.quote(name)))
                : interpreter.evaluator().evaluate(defaults.get(i - required), scope);
      }
      scope.set(name, value);
    }
  }
}

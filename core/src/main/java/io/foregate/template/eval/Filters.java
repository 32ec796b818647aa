package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Value;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** All filters by name. */
public final class Filters {
  /** What a filter does with its arguments, in the order of its signature. */
  @FunctionalInterface
  interface Body {
    Value apply(Interpreter interpreter, Value[] arguments);
  }

  /** What a filter does that takes any arguments. */
  @FunctionalInterface
  interface Open {
    Value apply(Interpreter interpreter, Value value, Arguments arguments);
  }

  /** Filters while they are listed. */
  static final class Table {
    private final Map<String, Open> filters = new HashMap<>();

    /** A filter with the signature that Python's function has. */
    Table add(String name, String signature, Body body) {
      var parameters = Signature.of(signature);
      return add(
          name,
          (interpreter, value, arguments) ->
              body.apply(interpreter, parameters.bind(value, arguments)));
    }

    Table add(String name, Open body) {
      filters.put(name, body);
      return this;
    }

    /** The same filter by another name. */
    Table alias(String alias, String name) {
      filters.put(alias, filters.get(name));
      return this;
    }
  }

  private static final Map<String, Open> ALL = all();

  private Filters() {}

  private static Map<String, Open> all() {
    var table = new Table();
    TextFilters.list(table);
    MarkupFilters.list(table);
    NumberFilters.list(table);
    ItemFilters.list(table);
    EachFilters.list(table);
    SortFilters.list(table);
    return Map.copyOf(table.filters);
  }

  /** The names that filters have. */
  public static Set<String> names() {
    return ALL.keySet();
  }

  /** A value after the filter of a step. */
  static Value apply(Interpreter interpreter, String name, Value value, Arguments arguments) {
    return apply(interpreter, name, " found.", value, arguments);
  }

  /** A value after a filter that another filter names. */
  static Value applyNamed(Interpreter interpreter, String name, Value value, Arguments arguments) {
    return apply(interpreter, name, ".", value, arguments);
  }

  private static Value apply(
      Interpreter interpreter, String name, String end, Value value, Arguments arguments) {
    Open filter = ALL.get(name);
    if (filter == null) {
      throw TemplateException.of("No filter named '" + name + "'" + end);
    }
    return filter.apply(interpreter, value, arguments);
  }
}

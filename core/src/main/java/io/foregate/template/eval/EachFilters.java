package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Cursor;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Value;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Filters that apply another filter, a test or an attribute to each item, when it is read. */
final class EachFilters {
  private EachFilters() {}

  static void list(Filters.Table table) {
    table
        .add("map", EachFilters::map)
        .add("select", (in, value, a) -> choose(in, value, a, false, true))
        .add("reject", (in, value, a) -> choose(in, value, a, false, false))
        .add("selectattr", (in, value, a) -> choose(in, value, a, true, true))
        .add("rejectattr", (in, value, a) -> choose(in, value, a, true, false));
  }

  private static Value map(Interpreter in, Value value, Arguments arguments) {
    return lazily(
        value,
        () -> {
          UnaryOperator<Value> function = mapping(in, arguments);
          Iterator<Value> items = Iteration.of(value, in.budget());
          return Filtering.map(items, stepping(in, function), in.budget());
        });
  }

  private static UnaryOperator<Value> stepping(Interpreter in, UnaryOperator<Value> function) {
    return item -> {
      in.budget().step();
      return function.apply(item);
    };
  }

  private static Value choose(
      Interpreter in, Value value, Arguments arguments, boolean byAttribute, boolean wanted) {
    return lazily(
        value,
        () -> {
          Predicate<Value> test = test(in, arguments, byAttribute);
          Iterator<Value> items = Iteration.of(value, in.budget());
          return Filtering.select(items, item -> test.test(item) == wanted, in.budget());
        });
  }

  /** Nothing of a value that counts as false; of others, what is made when the first is read. */
  private static Value lazily(Value value, Supplier<Iterator<Value>> made) {
    if (!value.truth()) {
      return Cursor.generator(Collections.emptyIterator());
    }
    return Cursor.generator(
        new Iterator<>() {
          private Iterator<Value> items;

          @Override
          public boolean hasNext() {
            if (items == null) {
              items = made.get();
            }
            return items.hasNext();
          }

          @Override
          public Value next() {
            if (!hasNext()) {
              throw new NoSuchElementException();
            }
            return items.next();
          }
        });
  }

  private static UnaryOperator<Value> mapping(Interpreter in, Arguments arguments) {
    Map<String, Value> named = new LinkedHashMap<>(arguments.named());
    if (arguments.positional().isEmpty() && named.containsKey("attribute")) {
      Value attribute = named.remove("attribute");
      Value otherwise = named.remove("default");
      if (!named.isEmpty()) {
        throw TemplateException.of(
            "Unexpected keyword argument " + Printer.quote(named.keySet().iterator().next()));
      }
      return Attributes.getter(in, attribute, otherwise == null ? Value.None.NONE : otherwise);
    }
    if (arguments.positional().isEmpty()) {
      throw TemplateException.of("map requires a filter argument");
    }
    List<Value> positional = arguments.positional();
    var rest = new Arguments(positional.subList(1, positional.size()), named);
    String name = Printer.str(positional.getFirst(), in.budget());
    return item -> Filters.applyNamed(in, name, item, rest);
  }

  private static Predicate<Value> test(Interpreter in, Arguments arguments, boolean byAttribute) {
    List<Value> positional = arguments.positional();
    if (byAttribute && positional.isEmpty()) {
      throw TemplateException.of("Missing parameter for attribute name");
    }
    UnaryOperator<Value> getter =
        byAttribute
            ? Attributes.getter(in, positional.getFirst(), Value.None.NONE)
            : UnaryOperator.identity();
    int offset = byAttribute ? 1 : 0;
    if (positional.size() == offset) {
      return item -> {
        in.budget().step();
        return getter.apply(item).truth();
      };
    }
    String name = Printer.str(positional.get(offset), in.budget());
    var rest = new Arguments(positional.subList(offset + 1, positional.size()), arguments.named());
    return item -> {
      in.budget().step();
      return Tests.applyNamed(in, name, getter.apply(item), rest).truth();
    };
  }
}

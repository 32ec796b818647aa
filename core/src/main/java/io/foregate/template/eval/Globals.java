package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Facility;
import io.foregate.template.value.Int;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Namespace;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Range;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.Value;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The functions that every template can call: jinja2's, and those that transformers adds. */
final class Globals {
  private static final int MAX_RANGE = 100_000;

  private final Interpreter interpreter;
  private final Budget budget;
  private final Map<String, Value> functions = new HashMap<>();

  Globals(Interpreter interpreter) {
    this.interpreter = interpreter;
    this.budget = interpreter.budget();
    function("range", this::range);
    function("dict", this::dict);
    function("namespace", arguments -> new Namespace(dict(arguments)));
    function("cycler", this::cycler);
    function("joiner", this::joiner);
    function(
        "lipsum",
        arguments -> {
          throw TemplateException.of("lipsum writes random text, which no chat template may");
        });
    function("raise_exception", this::raise);
    function("strftime_now", this::strftimeNow);
  }

  private void function(String name, Facility.Code code) {
    functions.put(name, Facility.function(name, code));
  }

  /** A function, or null. */
  Value get(String name) {
    return functions.get(name);
  }

  private Value raise(Arguments arguments) {
    Value message = Signature.of("raise_exception(message)").bind(arguments)[0];
    throw new TemplateException(Printer.str(message, budget), 0, true);
  }

  private Value strftimeNow(Arguments arguments) {
    Value format = Signature.of("strftime_now(format)").bind(arguments)[0];
    if (!(format instanceof Str text)) {
      throw TemplateException.of("strftime() argument 1 must be str, not " + format.typeName());
    }
    return Str.of(Strftime.format(text.text(), ZonedDateTime.now(interpreter.clock()), budget));
  }

  private Value range(Arguments arguments) {
    List<Value> values = arguments.positional();
    if (!arguments.named().isEmpty()) {
      throw TemplateException.of("range() takes no keyword arguments");
    }
    if (values.isEmpty() || values.size() > 3) {
      throw TemplateException.of(
          "range expected at %s, got %d"
              .formatted(
                  values.isEmpty() ? "least 1 argument" : "most 3 arguments", values.size()));
    }
    long start = values.size() == 1 ? 0 : index(values.getFirst());
    long stop = index(values.get(values.size() == 1 ? 0 : 1));
    long step = values.size() == 3 ? index(values.get(2)) : 1;
    if (step == 0) {
      throw TemplateException.of("range() arg 3 must not be zero");
    }
    long size = Math.max(0, Math.ceilDiv(stop - start, step));
    if (size > MAX_RANGE) {
      throw TemplateException.of(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
    }
    return new Range(start, stop, step, (int) size);
  }

  private static long index(Value value) {
    if (!Numbers.isInteger(value)) {
      throw TemplateException.of(
          "'%s' object cannot be interpreted as an integer".formatted(value.typeName()));
    }
    Int index = Numbers.integer(value);
    if (!index.isSmall() || Math.abs(index.small()) >= Long.MAX_VALUE / 4) {
      throw TemplateException.of(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
    }
    return index.small();
  }

  private Dict dict(Arguments arguments) {
    budget.bytes(128);
    var dict = new Dict();
    List<Value> values = arguments.positional();
    if (values.size() > 1) {
      throw TemplateException.of("dict expected at most 1 argument, got " + values.size());
    }
    if (!values.isEmpty()) {
      fill(dict, values.getFirst());
    }
    arguments.named().forEach((name, value) -> dict.put(Str.of(name), value, budget));
    return dict;
  }

  private void fill(Dict dict, Value source) {
    if (source instanceof Dict other) {
      budget.steps(other.size());
      other.entries().forEach(entry -> dict.put(entry.key(), entry.value(), budget));
      return;
    }
    int place = 0;
    for (Value pair : Iteration.all(source, budget)) {
      if (!Iteration.isIterable(pair)) {
        throw TemplateException.of(
            "cannot convert dictionary update sequence element #%d to a sequence".formatted(place));
      }
      List<Value> parts = Iteration.all(pair, budget);
      if (parts.size() != 2) {
        throw TemplateException.of(
            "dictionary update sequence element #%d has length %d; 2 is required"
                .formatted(place, parts.size()));
      }
      dict.put(parts.get(0), parts.get(1), budget);
      place++;
    }
  }

  private Value cycler(Arguments arguments) {
    List<Value> items = arguments.positional();
    if (items.isEmpty()) {
      throw TemplateException.of("at least one item has to be provided");
    }
    int[] place = {0};
    Map<String, Facility.Code> methods =
        Map.of(
            "next",
            none -> {
              Value current = items.get(place[0]);
              place[0] = (place[0] + 1) % items.size();
              return current;
            },
            "reset",
            none -> {
              place[0] = 0;
              return Value.None.NONE;
            });
    return new Facility(
        "jinja2.utils.Cycler",
        () -> "<jinja2.utils.Cycler object>",
        name ->
            switch (name) {
              case "next", "reset" -> Facility.function(name, methods.get(name));
              case "current" -> items.get(place[0]);
              case "pos" -> Int.of(place[0]);
              case "items" -> new Seq(items, Seq.Kind.TUPLE);
              default -> null;
            },
        null);
  }

  private Value joiner(Arguments arguments) {
    Value separator = Signature.of("Joiner.__init__(@self, sep=', ')").bind(arguments)[0];
    boolean[] used = {false};
    return new Facility(
        "jinja2.utils.Joiner",
        () -> "<jinja2.utils.Joiner object>",
        name ->
            switch (name) {
              case "sep" -> separator;
              case "used" -> Value.Bool.of(used[0]);
              default -> null;
            },
        none -> {
          boolean first = !used[0];
          used[0] = true;
          return first ? Str.EMPTY : separator;
        });
  }
}

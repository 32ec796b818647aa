package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Cursor;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Facility;
import io.foregate.template.value.Int;
import io.foregate.template.value.Namespace;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Range;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import io.foregate.template.value.View;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Attributes, items and slices, in the order in which jinja2's sandbox looks for them. */
final class Access {
  private final Budget budget;
  private final Methods methods;

  Access(Interpreter interpreter) {
    this.budget = interpreter.budget();
    this.methods = new Methods(interpreter);
  }

  /** {@code value.name}: an attribute, else an item. */
  Value attribute(Value value, String name) {
    Value found = own(value, name);
    if (found == null && value instanceof Dict dict) {
      found = dict.get(name);
    }
    return found == null ? missing(value, Str.of(name)) : found;
  }

  /** {@code value[key]}: an item, else an attribute. */
  Value item(Value value, Value key) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Value found = itemOnly(value, key);
    if (found == null && key instanceof Str name) {
      found = own(value, name.text());
    }
    return found == null ? missing(value, key) : found;
  }

  private Value itemOnly(Value value, Value key) {
    return switch (value) {
      case Dict dict -> isHashable(key) ? dict.get(key, budget) : null;
      case Str s when Numbers.isInteger(key) -> at(key, s.length(budget), i -> character(s, i));
      case Seq s when Numbers.isInteger(key) -> at(key, s.items().size(), s.items()::get);
      case Range r when Numbers.isInteger(key) -> at(key, r.size(), r::at);
      default -> null;
    };
  }

  private static boolean isHashable(Value key) {
    return switch (key) {
      case Seq s -> !s.isList() && s.items().stream().allMatch(Access::isHashable);
      case Dict d -> false;
      case View v -> false;
      default -> true;
    };
  }

  private Value character(Str s, int place) {
    budget.bytes(96);
    return new Str(Character.toString(s.at(place, budget)), s.isSafe());
  }

  private static Value at(Value key, int size, IntFunction<? extends Value> items) {
    Int index = Numbers.integer(key);
    long place = index.isSmall() ? index.small() : Long.MAX_VALUE;
    place = place < 0 ? place + size : place;
    return place >= 0 && place < size ? items.apply((int) place) : null;
  }

  /** What an attribute or item stands for that is not there. */
  static Undefined missing(Value value, Value key) {
    return new Undefined(
        () ->
            key instanceof Str name
                ? "'%s' has no attribute %s".formatted(described(value), Printer.quote(name.text()))
                : "%s has no element %s".formatted(described(value), element(key)));
  }

  private static String element(Value key) {
    return Printer.repr(key, new Budget(io.foregate.template.Limits.DEFAULT));
  }

  private static String described(Value value) {
    return switch (value) {
      case Value.None n -> "None";
      case Namespace n -> "jinja2.utils.Namespace object";
      case Facility f -> f.qualifiedName() + " object";
      case Str s when s.isSafe() -> "markupsafe.Markup object";
      case Seq s when s.kind() == Seq.Kind.GROUP -> "jinja2.filters._GroupTuple object";
      default -> value.typeName() + " object";
    };
  }

  /** An attribute that the value has, or null. */
  Value own(Value value, String name) {
    if (name.startsWith("__") && name.endsWith("__") && !(value instanceof Namespace)) {
      if (!(value instanceof Undefined) || name.equals("__class__")) {
        return unsafe(value, name);
      }
    }
    return switch (value) {
      case Facility f -> f.attributes().apply(name);
      case Namespace n -> n.attributes().get(name);
      case Undefined u -> throw u.failure();
      default -> methods.get(value, name);
    };
  }

  /** An attribute that no template may use. */
  static Undefined unsafe(Value value, String name) {
    return new Undefined(
        () ->
            "access to attribute %s of %s object is unsafe."
                .formatted(Printer.quote(name), Printer.quote(value.typeName())));
  }

  /** {@code value[start:stop:step]}; null where there is nothing. */
  Value slice(Value value, Value start, Value stop, Value step) {
    return switch (value) {
      case Undefined u -> throw u.failure();
      case Str s -> {
        var places = new Slice(start, stop, step, s.length(budget));
        yield new Str(
            places.step == 1
                ? s.between(places.first, places.first + places.count, budget)
                : stepped(s, places),
            s.isSafe());
      }
      case Seq s -> {
        var places = new Slice(start, stop, step, s.items().size());
        budget.list(places.count);
        List<Value> items = new ArrayList<>(places.count);
        for (int i = 0; i < places.count; i++) {
          items.add(s.items().get(places.at(i)));
        }
        yield new Seq(items, s.isList() ? Seq.Kind.LIST : Seq.Kind.TUPLE);
      }
      case Range r -> {
        var places = new Slice(start, stop, step, r.size());
        long first = r.start() + r.step() * places.first;
        long each = r.step() * places.step;
        yield new Range(first, first + each * places.count, each, places.count);
      }
      case Dict d -> throw TemplateException.of("unhashable type: 'slice'");
      case Cursor c -> throw notSubscriptable(c);
      default -> throw notSubscriptable(value);
    };
  }

  private static TemplateException notSubscriptable(Value value) {
    return TemplateException.of("'%s' object is not subscriptable".formatted(value.typeName()));
  }

  private String stepped(Str s, Slice places) {
    budget.text(2L * places.count);
    var out = new StringBuilder(places.count);
    for (int i = 0; i < places.count; i++) {
      out.appendCodePoint(s.at(places.at(i), budget));
    }
    return out.toString();
  }

  /** The places that a slice of something of a size means. */
  static final class Slice {
    final int first;
    final int step;
    final int count;

    Slice(Value start, Value stop, Value step, int size) {
      int each = bound(step, 1);
      if (each == 0) {
        throw TemplateException.of("slice step cannot be zero");
      }
      this.step = each;
      boolean back = each < 0;
      int low = back ? -1 : 0;
      int high = back ? size - 1 : size;
      first = within(bound(start, back ? high : low), isGiven(start), size, low, high);
      int end = within(bound(stop, back ? low : high), isGiven(stop), size, low, high);
      long distance = back ? (long) first - end : (long) end - first;
      count = distance <= 0 ? 0 : (int) ((distance - 1) / Math.abs((long) each) + 1);
    }

    private static boolean isGiven(Value bound) {
      return bound != null && bound != Value.None.NONE;
    }

    private static int bound(Value bound, int otherwise) {
      if (!isGiven(bound)) {
        return otherwise;
      }
      if (bound instanceof Undefined || !Numbers.isInteger(bound)) {
        throw TemplateException.of(
            "slice indices must be integers or None or have an __index__ method");
      }
      return Math.max(-Integer.MAX_VALUE, Numbers.integer(bound).clamped());
    }

    private static int within(int bound, boolean given, int size, int low, int high) {
      long place = given && bound < 0 ? (long) bound + size : bound;
      return (int) Math.max(low, Math.min(high, place));
    }

    int at(int index) {
      return first + index * step;
    }
  }
}

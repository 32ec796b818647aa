package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.RichComparison;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Facility;
import io.foregate.template.value.Int;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/** Where a loop is: what templates know as {@code loop}. */
final class LoopState {
  private final Iterator<Value> items;
  private final Deque<Value> ahead = new ArrayDeque<>();
  private final int depth;
  private final Budget budget;
  private int size;
  private int index = -1;
  private Value previous;
  private Value current;
  private Value changing;

  /**
   * @param size how many items there are, or -1 if that shows at the end
   */
  LoopState(Iterator<Value> items, int size, int depth, Budget budget) {
    this.items = items;
    this.size = size;
    this.depth = depth;
    this.budget = budget;
  }

  /** Goes to the next item, if there is one. */
  boolean advance() {
    if (ahead.isEmpty() && !items.hasNext()) {
      return false;
    }
    index++;
    previous = current;
    current = ahead.isEmpty() ? items.next() : ahead.poll();
    return true;
  }

  Value current() {
    return current;
  }

  /** The variable {@code loop}; calling it does {@code again}, if that is not null. */
  Value value(Facility.Code again) {
    Facility.Code code =
        again != null
            ? again
            : arguments -> {
              throw TemplateException.of(
                  "The loop must have the 'recursive' marker to be called recursively.");
            };
    return new Facility(
        "jinja2.runtime.LoopContext",
        () -> "<LoopContext %d/%d>".formatted(index + 1, size()),
        this::attribute,
        code);
  }

  /** The argument of a recursive call. */
  static Value items(Arguments arguments) {
    if (arguments.positional().size() + arguments.named().size() != 1) {
      throw TemplateException.of(
          "LoopContext.__call__() takes 2 positional arguments but %d were given"
              .formatted(arguments.positional().size() + 1));
    }
    return arguments.positional().isEmpty()
        ? arguments.named().values().iterator().next()
        : arguments.positional().getFirst();
  }

  private Value attribute(String name) {
    return switch (name) {
      case "index" -> Int.of(index + 1L);
      case "index0" -> Int.of(index);
      case "revindex" -> Int.of((long) size() - index);
      case "revindex0" -> Int.of(size() - index - 1L);
      case "first" -> Value.Bool.of(index == 0);
      case "last" -> Value.Bool.of(peek() == null);
      case "length" -> Int.of(size());
      case "depth" -> Int.of(depth + 1L);
      case "depth0" -> Int.of(depth);
      case "previtem" -> index == 0 ? Undefined.because("there is no previous item") : previous;
      case "nextitem" -> peek() == null ? Undefined.because("there is no next item") : peek();
      case "cycle" -> method(name, this::cycle);
      case "changed" -> method(name, this::changed);
      default -> null;
    };
  }

  private static Value method(String name, Facility.Code code) {
    return new Facility("method", () -> "<bound method LoopContext." + name + ">", n -> null, code);
  }

  private Value peek() {
    if (ahead.isEmpty() && items.hasNext()) {
      ahead.add(items.next());
    }
    return ahead.peek();
  }

  private int size() {
    if (size < 0) {
      List<Value> rest = Iteration.all(items, budget);
      ahead.addAll(rest);
      size = index + 1 + ahead.size();
    }
    return size;
  }

  private Value cycle(Arguments arguments) {
    List<Value> values = arguments.positional();
    if (values.isEmpty()) {
      throw TemplateException.of("no items for cycling given");
    }
    return values.get(index % values.size());
  }

  private Value changed(Arguments arguments) {
    Value now = new Seq(arguments.positional(), Seq.Kind.TUPLE);
    if (changing != null && RichComparison.equal(changing, now, budget)) {
      return Value.Bool.FALSE;
    }
    changing = now;
    return Value.Bool.TRUE;
  }
}

package io.foregate.template.value;

import io.foregate.template.TemplateException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.IntFunction;

/** Going through values, and how long they are. */
public final class Iteration {
  private Iteration() {}

  /** Whether {@code for} takes it. */
  public static boolean isIterable(Value value) {
    return switch (value) {
      case Str s -> true;
      case Seq s -> true;
      case Dict d -> true;
      case View v -> true;
      case Range r -> true;
      case Cursor c -> true;
      case Undefined u -> true;
      default -> false;
    };
  }

  /**
   * Python's {@code iter(value)}.
   *
   * @throws TemplateException if it has no items
   */
  public static Iterator<Value> of(Value value, Budget budget) {
    return switch (value) {
      case Str s ->
          places(
              s.length(budget),
              i -> {
                budget.bytes(96);
                return Str.of(Character.toString(s.at(i, budget)));
              });
      case Seq s -> s.items().iterator();
      case Dict d -> d.keys(budget).iterator();
      case View v -> view(v, budget).iterator();
      case Range r ->
          places(
              r.size(),
              i -> {
                budget.bytes(32);
                return r.at(i);
              });
      case Cursor c -> c.rest();
      case Undefined u -> Collections.emptyIterator();
      default ->
          throw TemplateException.of("'%s' object is not iterable".formatted(value.typeName()));
    };
  }

  private static List<Value> view(View view, Budget budget) {
    if (view.part() == View.Part.KEYS) {
      return view.dict().keys(budget);
    }
    var items = new ArrayList<Value>(view.dict().size());
    budget.list(view.dict().size());
    for (Dict.Entry entry : view.dict().entries()) {
      items.add(
          view.part() == View.Part.VALUES
              ? entry.value()
              : Seq.tuple(List.of(entry.key(), entry.value()), budget));
    }
    return items;
  }

  private static Iterator<Value> places(int size, IntFunction<Value> at) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < size;
      }

      @Override
      public Value next() {
        if (next >= size) {
          throw new NoSuchElementException();
        }
        return at.apply(next++);
      }
    };
  }

  /** All items, for the caller to keep. */
  public static List<Value> all(Value value, Budget budget) {
    return all(of(value, budget), budget);
  }

  /** All that are left, for the caller to keep. */
  public static List<Value> all(Iterator<Value> items, Budget budget) {
    var all = new ArrayList<Value>();
    while (items.hasNext()) {
      budget.step();
      budget.bytes(16);
      all.add(items.next());
    }
    return all;
  }

  /** Whether Python's {@code len} takes it. */
  public static boolean isSized(Value value) {
    return isIterable(value) && !(value instanceof Cursor);
  }

  /**
   * Python's {@code len(value)}.
   *
   * @throws TemplateException if it has none
   */
  public static int length(Value value, Budget budget) {
    return switch (value) {
      case Str s -> s.length(budget);
      case Seq s -> s.items().size();
      case Dict d -> d.size();
      case View v -> v.dict().size();
      case Range r -> r.size();
      case Undefined u -> 0;
      default ->
          throw TemplateException.of(
              "object of type '%s' has no len()".formatted(value.typeName()));
    };
  }
}

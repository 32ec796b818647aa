package io.foregate.template.operation;

import io.foregate.template.value.Budget;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** Sorts as Python does: by {@code <} alone, equal ones stay as they were; NaN breaks nothing. */
public final class Sorting {
  private Sorting() {}

  /** What is sorted, and its key. */
  private record Keyed<T>(Value key, T item) {}

  /** The items in the order of their keys, each of which is asked for once. */
  public static <T> List<T> sorted(
      List<T> items, Function<T, Value> key, boolean reverse, Budget budget) {
    budget.list(8L * items.size());
    var keyed = new ArrayList<Keyed<T>>(items.size());
    items.forEach(item -> keyed.add(new Keyed<>(key.apply(item), item)));
    if (reverse) {
      Collections.reverse(keyed);
    }
    List<Keyed<T>> from = keyed;
    List<Keyed<T>> to = new ArrayList<>(keyed);
    for (int width = 1; width < items.size(); width *= 2) {
      for (int begin = 0; begin < items.size(); begin += 2 * width) {
        merge(from, to, begin, width, budget);
      }
      List<Keyed<T>> done = to;
      to = from;
      from = done;
    }
    if (reverse) {
      Collections.reverse(from);
    }
    var sorted = new ArrayList<T>(items.size());
    from.forEach(entry -> sorted.add(entry.item()));
    return sorted;
  }

  /** Merges two neighbouring runs of a width. */
  private static <T> void merge(
      List<Keyed<T>> from, List<Keyed<T>> to, int begin, int width, Budget budget) {
    int middle = Math.min(begin + width, from.size());
    int end = Math.min(begin + 2 * width, from.size());
    int left = begin;
    int right = middle;
    for (int i = begin; i < end; i++) {
      boolean takeRight =
          left == middle || (right < end && less(from.get(right), from.get(left), budget));
      to.set(i, from.get(takeRight ? right++ : left++));
    }
  }

  private static <T> boolean less(Keyed<T> a, Keyed<T> b, Budget budget) {
    return RichComparison.ordered(RichComparison.Order.LESS, a.key(), b.key(), budget);
  }
}

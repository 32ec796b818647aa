package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.RichComparison;
import io.foregate.template.operation.Sorting;
import io.foregate.template.operation.Text;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Cursor;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;

/** Filters that compare items with each other. */
final class SortFilters {
  private SortFilters() {}

  static void list(Filters.Table table) {
    table
        .add(
            "sort",
            "do_sort(@env, value, reverse=False, case_sensitive=False, attribute=None)",
            SortFilters::sort)
        .add(
            "dictsort",
            "do_dictsort(value, case_sensitive=False, by='key', reverse=False)",
            SortFilters::dictSort)
        .add(
            "unique",
            "sync_do_unique(@env, value, case_sensitive=False, attribute=None)",
            SortFilters::unique)
        .add(
            "min",
            "do_min(@env, value, case_sensitive=False, attribute=None)",
            (in, a) -> extreme(in, a, RichComparison.Order.LESS))
        .add(
            "max",
            "do_max(@env, value, case_sensitive=False, attribute=None)",
            (in, a) -> extreme(in, a, RichComparison.Order.GREATER))
        .add(
            "groupby",
            "sync_do_groupby(@env, value, attribute, default=None, case_sensitive=False)",
            SortFilters::group);
  }

  /** A key as it compares: without its case, unless that counts. */
  private static Value folded(Value key, boolean caseSensitive, Budget budget) {
    return !caseSensitive && key instanceof Str s ? Str.of(Text.lower(s.text(), budget)) : key;
  }

  private static UnaryOperator<Value> key(
      Interpreter in, Value attribute, Value otherwise, boolean caseSensitive) {
    UnaryOperator<Value> getter = Attributes.getter(in, attribute, otherwise);
    return item -> folded(getter.apply(item), caseSensitive, in.budget());
  }

  private static Value sort(Interpreter in, Value[] a) {
    boolean caseSensitive = a[2].truth();
    var keys = new ArrayList<UnaryOperator<Value>>();
    if (a[3] instanceof Str s) {
      for (String attribute : s.text().split(",", -1)) {
        keys.add(key(in, Str.of(attribute), Value.None.NONE, caseSensitive));
      }
    } else {
      keys.add(key(in, a[3], Value.None.NONE, caseSensitive));
    }
    List<Value> items = Iteration.all(a[0], in.budget());
    List<Value> sorted =
        Sorting.sorted(
            items,
            item -> {
              var parts = new ArrayList<Value>(keys.size());
              keys.forEach(key -> parts.add(key.apply(item)));
              return Seq.list(parts, in.budget());
            },
            a[1].truth(),
            in.budget());
    return Seq.list(sorted, in.budget());
  }

  private static Value dictSort(Interpreter in, Value[] a) {
    String by = a[2] instanceof Str s ? s.text() : "";
    if (!by.equals("key") && !by.equals("value")) {
      throw TemplateException.of("You can only sort by either \"key\" or \"value\"");
    }
    if (a[0] instanceof Undefined u) {
      throw u.failure();
    }
    if (!(a[0] instanceof Dict dict)) {
      throw TemplateException.of("'%s' object has no attribute 'items'".formatted(a[0].typeName()));
    }
    in.budget().list(dict.size());
    var entries = new ArrayList<Dict.Entry>();
    dict.entries().forEach(entries::add);
    List<Dict.Entry> sorted =
        Sorting.sorted(
            entries,
            entry ->
                folded(by.equals("key") ? entry.key() : entry.value(), a[1].truth(), in.budget()),
            a[3].truth(),
            in.budget());
    var pairs = new ArrayList<Value>(sorted.size());
    for (Dict.Entry entry : sorted) {
      pairs.add(Seq.tuple(List.of(entry.key(), entry.value()), in.budget()));
    }
    return Seq.list(pairs, in.budget());
  }

  private static Value unique(Interpreter in, Value[] a) {
    UnaryOperator<Value> key = key(in, a[2], Value.None.NONE, a[1].truth());
    Iterator<Value> items = Iteration.of(a[0], in.budget());
    var seen = new Dict();
    return Cursor.generator(
        Filtering.select(
            items,
            item -> {
              Value found = key.apply(item);
              if (seen.get(found, in.budget()) != null) {
                return false;
              }
              seen.put(found, found, in.budget());
              return true;
            },
            in.budget()));
  }

  private static Value extreme(Interpreter in, Value[] a, RichComparison.Order order) {
    Iterator<Value> items = Iteration.of(a[0], in.budget());
    if (!items.hasNext()) {
      return Undefined.because("No aggregated item, sequence was empty.");
    }
    UnaryOperator<Value> key = key(in, a[2], Value.None.NONE, a[1].truth());
    Value best = items.next();
    Value bestKey = key.apply(best);
    while (items.hasNext()) {
      Value item = items.next();
      Value itemKey = key.apply(item);
      if (RichComparison.ordered(order, itemKey, bestKey, in.budget())) {
        best = item;
        bestKey = itemKey;
      }
    }
    return best;
  }

  private static Value group(Interpreter in, Value[] a) {
    boolean caseSensitive = a[3].truth();
    UnaryOperator<Value> key = key(in, a[1], a[2], caseSensitive);
    UnaryOperator<Value> shown = Attributes.getter(in, a[1], a[2]);
    List<Value> items = Sorting.sorted(Iteration.all(a[0], in.budget()), key, false, in.budget());
    var groups = new ArrayList<Value>();
    int begin = 0;
    while (begin < items.size()) {
      Value first = key.apply(items.get(begin));
      int end = begin + 1;
      while (end < items.size()
          && RichComparison.equal(first, key.apply(items.get(end)), in.budget())) {
        end++;
      }
      Value members = Seq.list(new ArrayList<>(items.subList(begin, end)), in.budget());
      Value grouper = caseSensitive ? first : shown.apply(items.get(begin));
      groups.add(new Seq(List.of(grouper, members), Seq.Kind.GROUP));
      begin = end;
    }
    return Seq.list(groups, in.budget());
  }
}

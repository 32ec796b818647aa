package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.Operator;
import io.foregate.template.operation.Text;
import io.foregate.template.value.Cursor;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Int;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Markup;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Range;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import io.foregate.template.value.View;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;

/** Filters of lists and other values with items. */
final class ItemFilters {
  private ItemFilters() {}

  static void list(Filters.Table table) {
    table
        .add("length", "len(obj)", (in, a) -> Int.of(Iteration.length(a[0], in.budget())))
        .alias("count", "length")
        .add("first", "sync_do_first(@env, seq)", ItemFilters::first)
        .add("last", "do_last(@env, seq)", ItemFilters::last)
        .add(
            "list",
            "sync_do_list(value)",
            (in, a) -> Seq.list(Iteration.all(a[0], in.budget()), in.budget()))
        .add(
            "default",
            "do_default(value, default_value='', boolean=False)",
            (in, a) -> a[0] instanceof Undefined || (a[2].truth() && !a[0].truth()) ? a[1] : a[0])
        .alias("d", "default")
        .add("join", "sync_do_join(@ctx, value, d='', attribute=None)", ItemFilters::join)
        .add("reverse", "do_reverse(value)", ItemFilters::reverse)
        .add("items", "do_items(value)", ItemFilters::items)
        .add("attr", "do_attr(@env, obj, name)", ItemFilters::attribute)
        .add("batch", "do_batch(value, linecount, fill_with=None)", ItemFilters::batch)
        .add("slice", "sync_do_slice(value, slices, fill_with=None)", ItemFilters::slice)
        .add("sum", "sync_do_sum(@env, iterable, attribute=None, start=0)", ItemFilters::sum)
        .add(
            "random",
            (in, value, arguments) -> {
              throw TemplateException.of(
                  "random gives another text each time, which no chat template may");
            });
  }

  private static Value first(Interpreter in, Value[] a) {
    Iterator<Value> items = Iteration.of(a[0], in.budget());
    return items.hasNext() ? items.next() : Undefined.because("No first item, sequence was empty.");
  }

  private static Value last(Interpreter in, Value[] a) {
    Iterator<Value> items = reversed(in, a[0]);
    if (items == null) {
      throw TemplateException.of("'%s' object is not reversible".formatted(a[0].typeName()));
    }
    return items.hasNext() ? items.next() : Undefined.because("No last item, sequence was empty.");
  }

  /** Items from the last to the first, or null if that cannot be. */
  private static Iterator<Value> reversed(Interpreter in, Value value) {
    return switch (value) {
      case Seq s -> s.items().reversed().iterator();
      case Range r ->
          Iteration.of(
              new Range(
                  r.start() + r.step() * (r.size() - 1L),
                  r.start() - r.step(),
                  -r.step(),
                  r.size()),
              in.budget());
      case Str s -> Iteration.all(s, in.budget()).reversed().iterator();
      case Dict d -> d.keys(in.budget()).reversed().iterator();
      case View v -> Iteration.all(v, in.budget()).reversed().iterator();
      case Undefined u -> Collections.emptyIterator();
      default -> null;
    };
  }

  private static Value reverse(Interpreter in, Value[] a) {
    if (a[0] instanceof Str s) {
      in.budget().text(2L * s.text().length());
      return new Str(new StringBuilder(s.text()).reverse().toString(), s.isSafe());
    }
    Iterator<Value> items = reversed(in, a[0]);
    if (items != null) {
      return new Cursor(
          items, a[0] instanceof Seq s && s.isList() ? "list_reverseiterator" : "reversed");
    }
    if (!Iteration.isIterable(a[0])) {
      throw TemplateException.of("argument must be iterable");
    }
    return Seq.list(Iteration.all(a[0], in.budget()).reversed(), in.budget());
  }

  private static Value join(Interpreter in, Value[] a) {
    UnaryOperator<Value> getter =
        a[2] == Value.None.NONE
            ? UnaryOperator.identity()
            : Attributes.getter(in, a[2], Value.None.NONE);
    Iterator<Value> items = Filtering.map(Iteration.of(a[0], in.budget()), getter, in.budget());
    if (in.escapes()) {
      return escapedJoin(in, Iteration.all(items, in.budget()), a[1]);
    }
    String separator = Printer.str(a[1], in.budget());
    var out = new TextBuilder(in.budget());
    for (boolean first = true; items.hasNext(); first = false) {
      out.append(first ? "" : separator).append(Printer.str(items.next(), in.budget()));
    }
    return Str.of(out.toString());
  }

  private static Value escapedJoin(Interpreter in, List<Value> items, Value separator) {
    boolean safe =
        (separator instanceof Str s && s.isSafe())
            || items.stream().anyMatch(item -> item instanceof Str s && s.isSafe());
    var texts = new ArrayList<String>();
    for (Value item : items) {
      texts.add(safe ? Markup.escape(item, in.budget()).text() : Printer.str(item, in.budget()));
    }
    String between =
        safe ? Markup.escape(separator, in.budget()).text() : Printer.str(separator, in.budget());
    return new Str(Text.join(between, texts, in.budget()), safe);
  }

  private static Value items(Interpreter in, Value[] a) {
    return switch (a[0]) {
      case Undefined u -> Cursor.generator(Collections.emptyIterator());
      case Dict d -> Cursor.generator(Iteration.of(new View(d, View.Part.ITEMS), in.budget()));
      default ->
          // As a generator's, the mistake shows when the first item is asked for.
          Cursor.generator(
              failing(TemplateException.of("Can only get item pairs from a mapping.")));
    };
  }

  private static Iterator<Value> failing(TemplateException failure) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        throw failure;
      }

      @Override
      public Value next() {
        throw failure;
      }
    };
  }

  private static Value attribute(Interpreter in, Value[] a) {
    if (!(a[1] instanceof Str name)) {
      throw TemplateException.of(
          "attribute name must be string, not '%s'".formatted(a[1].typeName()));
    }
    Value own = in.evaluator().access().own(a[0], name.text());
    return own != null ? own : Access.missing(a[0], name);
  }

  private static Value batch(Interpreter in, Value[] a) {
    Iterator<Value> items = Iteration.of(a[0], in.budget());
    Value size = a[1];
    return Cursor.generator(
        new Iterator<>() {
          private boolean begun;

          @Override
          public boolean hasNext() {
            return items.hasNext();
          }

          @Override
          public Value next() {
            int count = TextMethods.integer(size);
            boolean emptyFirst = count == 0 && !begun; // what jinja2's loop comes to
            begun = true;
            if (emptyFirst) {
              return Seq.list(List.of(), in.budget());
            }
            var batch = new ArrayList<Value>();
            do {
              in.budget().step();
              in.budget().bytes(16);
              batch.add(items.next());
            } while (items.hasNext() && batch.size() != count);
            if (a[2] != Value.None.NONE && batch.size() < count) {
              in.budget().list(count);
              batch.addAll(Collections.nCopies(count - batch.size(), a[2]));
            }
            return Seq.list(batch, in.budget());
          }
        });
  }

  private static Value slice(Interpreter in, Value[] a) {
    List<Value> items = Iteration.all(a[0], in.budget());
    int slices = TextMethods.integer(a[1]);
    if (slices == 0) {
      return Cursor.generator(failing(TemplateException.of("integer division or modulo by zero")));
    }
    int each = Math.floorDiv(items.size(), slices);
    int larger = Math.floorMod(items.size(), slices);
    return Cursor.generator(
        new Iterator<>() {
          private int number;

          @Override
          public boolean hasNext() {
            return number < slices;
          }

          @Override
          public Value next() {
            int begin = number * each + Math.min(number, larger);
            int end = begin + each + (number < larger ? 1 : 0);
            var part = new ArrayList<>(items.subList(begin, end));
            if (a[2] != Value.None.NONE && number >= larger) {
              part.add(a[2]);
            }
            number++;
            in.budget().step();
            return Seq.list(part, in.budget());
          }
        });
  }

  private static Value sum(Interpreter in, Value[] a) {
    UnaryOperator<Value> getter =
        a[1] == Value.None.NONE
            ? UnaryOperator.identity()
            : Attributes.getter(in, a[1], Value.None.NONE);
    Iterator<Value> items = Iteration.of(a[0], in.budget());
    if (a[2] instanceof Str) {
      throw TemplateException.of("sum() can't sum strings [use ''.join(seq) instead]");
    }
    Value sum = a[2];
    while (items.hasNext()) {
      sum = Operator.ADD.apply(sum, getter.apply(items.next()), in.budget());
    }
    return sum;
  }
}

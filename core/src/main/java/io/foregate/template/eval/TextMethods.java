package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.Needle;
import io.foregate.template.operation.Predicates;
import io.foregate.template.operation.Text;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Facility;
import io.foregate.template.value.Int;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Markup;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** The methods of Python's {@code str}. */
final class TextMethods {
  private static final Set<String> NAMES =
      Set.of(
          ("capitalize casefold center count encode endswith expandtabs find format format_map index"
                  + " isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric"
                  + " isprintable isspace istitle isupper join ljust lower lstrip maketrans"
                  + " partition removeprefix removesuffix replace rfind rindex rjust rpartition"
                  + " rsplit rstrip split splitlines startswith strip swapcase title translate"
                  + " upper zfill")
              .split(" ", -1));
  private static final Signature SPLIT = Signature.of("split(self, sep=None, maxsplit=-1)");
  private static final Signature LINES = Signature.of("splitlines(self, keepends=False)");
  private static final Signature TABS = Signature.of("expandtabs(self, tabsize=8)");

  private final Budget budget;
  private final Interpreter interpreter;

  TextMethods(Interpreter interpreter) {
    this.interpreter = interpreter;
    this.budget = interpreter.budget();
  }

  /** A method of a text, or null. */
  Value get(Str s, String name) {
    return NAMES.contains(name)
        ? Facility.method(name, s, arguments -> call(s, name, arguments))
        : null;
  }

  private Value call(Str s, String name, Arguments arguments) {
    String text = s.text();
    return switch (name) {
      case "upper" -> made(s, name, arguments, Text.upper(text, budget));
      case "lower" -> made(s, name, arguments, Text.lower(text, budget));
      case "title" -> made(s, name, arguments, Text.title(text, budget));
      case "capitalize" -> made(s, name, arguments, Text.capitalize(text, budget));
      case "swapcase" -> made(s, name, arguments, Text.swapCase(text, budget));
      case "casefold" -> made(s, name, arguments, Text.fold(text, budget));
      case "strip" -> strip(s, name, arguments, true, true);
      case "lstrip" -> strip(s, name, arguments, true, false);
      case "rstrip" -> strip(s, name, arguments, false, true);
      case "split", "rsplit" -> split(s, arguments, name.equals("rsplit"));
      case "splitlines" -> lines(s, arguments);
      case "partition", "rpartition" -> partition(s, name, arguments);
      case "replace" -> replace(s, arguments);
      case "join" -> join(s, arguments);
      case "find", "index", "rfind", "rindex" -> find(s, name, arguments);
      case "count" -> count(s, arguments);
      case "startswith", "endswith" -> startsWith(s, name, arguments);
      case "removeprefix", "removesuffix" -> remove(s, name, arguments);
      case "center", "ljust", "rjust" -> justify(s, name, arguments);
      case "zfill" -> fillZeros(s, arguments);
      case "expandtabs" -> {
        Value size = TABS.bind(s, arguments)[1];
        yield made(s, Text.expandTabs(text, integer(size), budget));
      }
      case "format" -> new Braces(s, interpreter).format(arguments);
      case "format_map" -> new Braces(s, interpreter).formatMap(arguments);
      case "encode", "translate", "maketrans" ->
          throw TemplateException.of("str.%s makes what no template can hold".formatted(name));
      default -> {
        Methods.require("str." + name, arguments, 0, 0);
        yield Value.Bool.of(Predicates.test(name, text, budget));
      }
    };
  }

  private static Str made(Str from, String text) {
    return new Str(text, from.isSafe());
  }

  private static Str made(Str from, String name, Arguments arguments, String text) {
    Methods.require("str." + name, arguments, 0, 0);
    return made(from, text);
  }

  private Seq made(Str from, List<String> texts, boolean list) {
    var items = new ArrayList<Value>(texts.size());
    texts.forEach(text -> items.add(made(from, text)));
    return list ? Seq.list(items, budget) : Seq.tuple(items, budget);
  }

  private Value strip(Str s, String name, Arguments arguments, boolean left, boolean right) {
    Methods.require("str." + name, arguments, 0, 1);
    Value set =
        arguments.positional().isEmpty() ? Value.None.NONE : arguments.positional().getFirst();
    if (!(set instanceof Str) && set != Value.None.NONE) {
      throw TemplateException.of(name + " arg must be None or str");
    }
    return made(
        s,
        Text.strip(s.text(), set instanceof Str chars ? chars.text() : null, left, right, budget));
  }

  private Value split(Str s, Arguments arguments, boolean fromEnd) {
    int given = arguments.positional().size() + arguments.named().size();
    if (given > 2) {
      throw TemplateException.of(
          "%s() takes at most 2 arguments (%d given)"
              .formatted(fromEnd ? "rsplit" : "split", given));
    }
    Value[] values = SPLIT.bind(s, arguments);
    int most = integer(values[2]);
    if (values[1] == Value.None.NONE) {
      return made(
          s,
          fromEnd ? Text.splitFromEnd(s.text(), most, budget) : Text.split(s.text(), most, budget),
          true);
    }
    if (!(values[1] instanceof Str separator)) {
      throw TemplateException.of("must be str or None, not " + values[1].typeName());
    }
    return made(
        s,
        fromEnd
            ? Text.splitFromEnd(s.text(), separator.text(), most, budget)
            : Text.split(s.text(), separator.text(), most, budget),
        true);
  }

  private Value lines(Str s, Arguments arguments) {
    return made(s, Text.lines(s.text(), LINES.bind(s, arguments)[1].truth(), budget), true);
  }

  private Value partition(Str s, String name, Arguments arguments) {
    Methods.require("str." + name, arguments, 1, 1);
    String separator = text(arguments.positional().getFirst(), "must be str, not ");
    return made(s, Text.partition(s.text(), separator, name.equals("rpartition"), budget), false);
  }

  static String text(Value value, String failure) {
    if (value instanceof Str s) {
      return s.text();
    }
    throw TemplateException.of(failure + value.typeName());
  }

  /** An argument that Python takes as an integer. */
  static int integer(Value value) {
    if (!Numbers.isInteger(value)) {
      throw TemplateException.of(
          "'%s' object cannot be interpreted as an integer".formatted(value.typeName()));
    }
    return Numbers.integer(value).clamped();
  }

  private Value replace(Str s, Arguments arguments) {
    Methods.require("str.replace", arguments, 2, 3);
    List<Value> values = arguments.positional();
    String old = text(values.get(0), "replace() argument 1 must be str, not ");
    String by = text(values.get(1), "replace() argument 2 must be str, not ");
    if (s.isSafe()) {
      old = Markup.escaped((Str) values.get(0), budget);
      by = Markup.escaped((Str) values.get(1), budget);
    }
    int most = values.size() == 3 ? integer(values.get(2)) : -1;
    return made(s, Text.replace(s.text(), old, by, most, budget));
  }

  private Value join(Str s, Arguments arguments) {
    Methods.require("str.join", arguments, 1, 1);
    Value items = arguments.positional().getFirst();
    if (!Iteration.isIterable(items)) {
      throw TemplateException.of("can only join an iterable");
    }
    var texts = new ArrayList<String>();
    Iterator<Value> rest = Iteration.of(items, budget);
    for (int i = 0; rest.hasNext(); i++) {
      budget.bytes(16);
      Value item = rest.next();
      if (s.isSafe()) {
        texts.add(Markup.escape(item, budget).text());
      } else if (item instanceof Str text) {
        texts.add(text.text());
      } else {
        throw TemplateException.of(
            "sequence item %d: expected str instance, %s found".formatted(i, item.typeName()));
      }
    }
    return made(s, Text.join(s.text(), texts, budget));
  }

  /** A part of a text as {@code start} and {@code end} mean it, in UTF-16 units. */
  private record Part(int begin, int end, boolean isEmpty) {}

  private Part part(Str s, List<Value> values, int from) {
    int size = s.length(budget);
    int begin = bound(values, from, 0, size);
    int end = Math.min(size, bound(values, from + 1, size, size));
    return begin > end
        ? new Part(0, 0, true)
        : new Part(s.index(begin, budget), s.index(end, budget), false);
  }

  private static int bound(List<Value> values, int place, int otherwise, int size) {
    Value value = place < values.size() ? values.get(place) : Value.None.NONE;
    if (value == Value.None.NONE) {
      return otherwise;
    }
    if (!Numbers.isInteger(value) || value instanceof Undefined) {
      throw TemplateException.of(
          "slice indices must be integers or None or have an __index__ method");
    }
    long bound = Numbers.integer(value).clamped();
    return (int) Math.max(0, bound < 0 ? bound + size : bound);
  }

  private Value find(Str s, String name, Arguments arguments) {
    Methods.require("str." + name, arguments, 1, 3);
    String wanted = text(arguments.positional().getFirst(), "must be str, not ");
    Part part = part(s, arguments.positional(), 1);
    int found = -1;
    if (!part.isEmpty()) {
      var needle = new Needle(wanted, budget);
      boolean last = name.startsWith("r");
      found = last ? needle.lastIn(s.text(), part.end()) : needle.in(s.text(), part.begin());
      boolean within = found >= part.begin() && found + wanted.length() <= part.end();
      found = within ? s.place(found, budget) : -1;
    }
    if (found < 0 && name.endsWith("index")) {
      throw TemplateException.of("substring not found");
    }
    return Int.of(found);
  }

  private Value count(Str s, Arguments arguments) {
    Methods.require("str.count", arguments, 1, 3);
    String wanted = text(arguments.positional().getFirst(), "must be str, not ");
    Part part = part(s, arguments.positional(), 1);
    if (part.isEmpty()) {
      return Int.of(0);
    }
    budget.text(part.end() - part.begin());
    return Int.of(Text.count(s.text().substring(part.begin(), part.end()), wanted, budget));
  }

  private Value startsWith(Str s, String name, Arguments arguments) {
    Methods.require("str." + name, arguments, 1, 3);
    Value wanted = arguments.positional().getFirst();
    boolean isTuple = wanted instanceof Seq tuple && !tuple.isList();
    List<Value> choices = isTuple ? ((Seq) wanted).items() : List.of(wanted);
    Part part = part(s, arguments.positional(), 1);
    for (Value choice : choices) {
      if (!(choice instanceof Str text)) {
        throw TemplateException.of(
            isTuple
                ? "tuple for %s must only contain str, not %s".formatted(name, choice.typeName())
                : "%s first arg must be str or a tuple of str, not %s"
                    .formatted(name, choice.typeName()));
      }
      budget.scan(text.text().length());
      if (!part.isEmpty() && begins(s.text(), text.text(), part, name.equals("endswith"))) {
        return Value.Bool.TRUE;
      }
    }
    return Value.Bool.FALSE;
  }

  private static boolean begins(String s, String wanted, Part part, boolean atEnd) {
    return wanted.length() <= part.end() - part.begin()
        && s.startsWith(wanted, atEnd ? part.end() - wanted.length() : part.begin());
  }

  private Value remove(Str s, String name, Arguments arguments) {
    Methods.require("str." + name, arguments, 1, 1);
    String part = text(arguments.positional().getFirst(), name + "() argument must be str, not ");
    String text = s.text();
    budget.text(text.length());
    if (name.equals("removeprefix")) {
      return made(s, text.startsWith(part) ? text.substring(part.length()) : text);
    }
    boolean ends = !part.isEmpty() && text.endsWith(part);
    return made(s, ends ? text.substring(0, text.length() - part.length()) : text);
  }

  private Value justify(Str s, String name, Arguments arguments) {
    Methods.require("str." + name, arguments, 1, 2);
    List<Value> values = arguments.positional();
    int width = integer(values.getFirst());
    String fill = " ";
    if (values.size() == 2) {
      fill = text(values.get(1), "The fill character must be a unicode character, not ");
      if (fill.codePointCount(0, fill.length()) != 1) {
        throw TemplateException.of("The fill character must be exactly one character long");
      }
    }
    int missing = width - s.length(budget);
    int left =
        switch (name) {
          case "center" -> missing / 2 + (missing & width & 1);
          case "rjust" -> missing;
          default -> 0;
        };
    return made(s, padded(s, fill, left, missing));
  }

  private String padded(Str s, String fill, int left, int missing) {
    if (missing <= 0) {
      return s.text();
    }
    return new TextBuilder(budget)
        .repeat(fill, left)
        .append(s.text())
        .repeat(fill, missing - left)
        .toString();
  }

  /** A text in the middle of a width. */
  Str center(Str s, int width) {
    int missing = width - s.length(budget);
    return made(s, padded(s, " ", missing / 2 + (missing & width & 1), missing));
  }

  private Value fillZeros(Str s, Arguments arguments) {
    Methods.require("str.zfill", arguments, 1, 1);
    int missing = integer(arguments.positional().getFirst()) - s.length(budget);
    String text = s.text();
    boolean signed = text.startsWith("-") || text.startsWith("+");
    return missing <= 0
        ? s
        : made(
            s,
            new TextBuilder(budget)
                .append(signed ? text.substring(0, 1) : "")
                .repeat("0", missing)
                .append(text, signed ? 1 : 0, text.length())
                .toString());
  }
}

package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.Chars;
import io.foregate.template.operation.JsonDumps;
import io.foregate.template.operation.Operator;
import io.foregate.template.operation.Pretty;
import io.foregate.template.operation.Text;
import io.foregate.template.operation.Wrapping;
import io.foregate.template.value.Arguments;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Int;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Markup;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Filters of texts. */
final class TextFilters {
  private static final int LEEWAY = 5;

  private TextFilters() {}

  static void list(Filters.Table table) {
    table
        .add("upper", "do_upper(s)", (in, a) -> changed(in, a[0], Text::upper))
        .add("lower", "do_lower(s)", (in, a) -> changed(in, a[0], Text::lower))
        .add("capitalize", "do_capitalize(s)", (in, a) -> changed(in, a[0], Text::capitalize))
        .add("title", "do_title(s)", (in, a) -> changed(in, a[0], TextFilters::title))
        .add("trim", "do_trim(value, chars=None)", TextFilters::trim)
        .add("replace", "do_replace(@ctx, s, old, new, count=None)", TextFilters::replace)
        .add("string", "soft_str(s)", (in, a) -> soft(in, a[0]))
        .add(
            "center",
            "do_center(value, width=80)",
            (in, a) -> new TextMethods(in).center(soft(in, a[0]), TextMethods.integer(a[1])))
        .add("format", TextFilters::format)
        .add("indent", "do_indent(s, width=4, first=False, blank=False)", TextFilters::indent)
        .add(
            "truncate",
            "do_truncate(@env, s, length=255, killwords=False, end='...', leeway=None)",
            TextFilters::truncate)
        .add("wordcount", "do_wordcount(s)", (in, a) -> words(soft(in, a[0]).text(), in.budget()))
        .add(
            "wordwrap",
            "do_wordwrap(@env, s, width=79, break_long_words=True, wrapstring=None,"
                + " break_on_hyphens=True)",
            TextFilters::wrap)
        .add(
            "tojson",
            "_compile_jinja_template.<locals>.tojson(x, ensure_ascii=False, indent=None,"
                + " separators=None, sort_keys=False)",
            TextFilters::json)
        .add("pprint", "do_pprint(value)", (in, a) -> Str.of(Pretty.print(a[0], in.budget())))
        .add(
            "filesizeformat",
            "do_filesizeformat(value, binary=False)",
            (in, a) -> Str.of(NumberFilters.fileSize(in, a[0], a[1].truth())));
  }

  /** A value as a text, which keeps that it is marked as safe. */
  static Str soft(Interpreter in, Value value) {
    return value instanceof Str s ? s : Str.of(Printer.str(value, in.budget()));
  }

  private static Value changed(
      Interpreter in, Value value, BiFunction<String, Budget, String> change) {
    Str s = soft(in, value);
    return new Str(change.apply(s.text(), in.budget()), s.isSafe());
  }

  private static boolean isSeparator(char c) {
    return Chars.isSpace(c) || "-({[<".indexOf(c) >= 0;
  }

  private static String title(String s, Budget budget) {
    var out = new TextBuilder(budget);
    int at = 0;
    while (at < s.length()) {
      int end = at;
      boolean separator = isSeparator(s.charAt(at));
      while (end < s.length() && isSeparator(s.charAt(end)) == separator) {
        end++;
      }
      int first = at + Character.charCount(s.codePointAt(at));
      out.append(Text.upper(s.substring(at, first), budget));
      out.append(Text.lower(s.substring(first, end), budget));
      at = end;
    }
    return out.toString();
  }

  private static Value trim(Interpreter in, Value[] a) {
    Str s = soft(in, a[0]);
    if (a[1] != Value.None.NONE && !(a[1] instanceof Str)) {
      throw TemplateException.of("strip arg must be None or str");
    }
    String set = a[1] instanceof Str chars ? chars.text() : null;
    return new Str(Text.strip(s.text(), set, true, true, in.budget()), s.isSafe());
  }

  private static Value replace(Interpreter in, Value[] a) {
    int most = a[3] == Value.None.NONE ? -1 : TextMethods.integer(a[3]);
    if (in.escapes()) {
      Str s = soft(in, a[0]);
      boolean marks = isSafe(a[1]) || (isSafe(a[2]) && !s.isSafe());
      s = marks ? Markup.escape(s, in.budget()) : s;
      String old = s.isSafe() ? Markup.escape(a[1], in.budget()).text() : soft(in, a[1]).text();
      String by = s.isSafe() ? Markup.escape(a[2], in.budget()).text() : soft(in, a[2]).text();
      return new Str(Text.replace(s.text(), old, by, most, in.budget()), s.isSafe());
    }
    return Str.of(
        Text.replace(
            Printer.str(a[0], in.budget()),
            Printer.str(a[1], in.budget()),
            Printer.str(a[2], in.budget()),
            most,
            in.budget()));
  }

  private static boolean isSafe(Value value) {
    return value instanceof Str s && s.isSafe();
  }

  private static Value format(Interpreter in, Value value, Arguments arguments) {
    if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
      throw TemplateException.of("can't handle positional and keyword arguments at the same time");
    }
    Value values;
    if (arguments.named().isEmpty()) {
      values = Seq.tuple(arguments.positional(), in.budget());
    } else {
      var dict = new Dict();
      for (Map.Entry<String, Value> named : arguments.named().entrySet()) {
        dict.put(Str.of(named.getKey()), named.getValue(), in.budget());
      }
      values = dict;
    }
    return Operator.MODULO.apply(soft(in, value), values, in.budget());
  }

  /** What Python says where it calls a method of a text on something else. */
  static TemplateException lacks(Value value, String name) {
    return value instanceof Undefined u
        ? u.failure()
        : TemplateException.of(
            "'%s' object has no attribute '%s'".formatted(value.typeName(), name));
  }

  private static Value indent(Interpreter in, Value[] a) {
    Budget budget = in.budget();
    String indent =
        a[1] instanceof Str s
            ? s.text()
            : new TextBuilder(budget).repeat(" ", TextMethods.integer(a[1])).toString();
    if (a[0] instanceof Seq list && list.isList()) {
      throw lacks(list, "splitlines");
    }
    if (!(a[0] instanceof Str s)) {
      if (a[0] instanceof Undefined u) {
        throw u.failure();
      }
      if (a[0] instanceof Seq) {
        throw TemplateException.of("can only concatenate tuple (not \"str\") to tuple");
      }
      throw TemplateException.of(
          "unsupported operand type(s) for +=: '%s' and 'str'".formatted(a[0].typeName()));
    }
    boolean blank = a[3].truth();
    List<String> lines = Text.lines(s.text() + "\n", false, budget);
    var out = new TextBuilder(budget);
    if (a[2].truth()) {
      out.append(indent);
    }
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (i > 0) {
        out.append("\n").append(blank || !line.isEmpty() ? indent : "");
      }
      out.append(line);
    }
    return new Str(out.toString(), s.isSafe());
  }

  private static Value truncate(Interpreter in, Value[] a) {
    Budget budget = in.budget();
    int length = TextMethods.integer(a[1]);
    Str end = soft(in, a[3]);
    int leeway = a[4] == Value.None.NONE ? LEEWAY : TextMethods.integer(a[4]);
    if (length < end.length(budget)) {
      throw TemplateException.of(
          "expected length >= %d, got %d".formatted(end.length(budget), length));
    }
    if (leeway < 0) {
      throw TemplateException.of("expected leeway >= 0, got " + leeway);
    }
    if (Iteration.length(a[0], budget) <= (long) length + leeway) {
      return a[0];
    }
    if (!(a[0] instanceof Str s)) {
      throw lacks(a[0], "rsplit");
    }
    String kept = s.between(0, length - end.length(budget), budget);
    if (!a[2].truth()) {
      kept = Text.splitFromEnd(kept, " ", 1, budget).getFirst();
    }
    return Markup.concatenate(new Str(kept, s.isSafe()), end, budget);
  }

  private static Value words(String s, Budget budget) {
    budget.scan(2L * s.length());
    int count = 0;
    boolean inWord = false;
    for (int i = 0; i < s.length(); ) {
      int point = s.codePointAt(i);
      boolean part =
          point == '_'
              || Character.isLetterOrDigit(point)
              || Character.getType(point) == Character.OTHER_NUMBER
              || Character.getType(point) == Character.LETTER_NUMBER;
      count += part && !inWord ? 1 : 0;
      inWord = part;
      i += Character.charCount(point);
    }
    return Int.of(count);
  }

  private static Value wrap(Interpreter in, Value[] a) {
    if (!(a[0] instanceof Str s)) {
      throw lacks(a[0], "splitlines");
    }
    String between = a[3] == Value.None.NONE ? "\n" : soft(in, a[3]).text();
    int width = TextMethods.integer(a[1]);
    var lines = new ArrayList<String>();
    for (String line : Text.lines(s.text(), false, in.budget())) {
      List<String> wrapped = Wrapping.wrap(line, width, a[2].truth(), a[4].truth(), in.budget());
      lines.add(Text.join(between, wrapped, in.budget()));
    }
    return Str.of(Text.join(between, lines, in.budget()));
  }

  private static Value json(Interpreter in, Value[] a) {
    String indent =
        switch (a[2]) {
          case Value.None n -> null;
          case Str s -> s.text();
          default -> new TextBuilder(in.budget()).repeat(" ", TextMethods.integer(a[2])).toString();
        };
    String item = indent == null ? ", " : ",";
    String key = ": ";
    if (a[3] != Value.None.NONE) {
      List<Value> parts = Iteration.all(a[3], in.budget());
      if (parts.size() != 2) {
        throw TemplateException.of(
            parts.size() < 2
                ? "not enough values to unpack (expected 2, got %d)".formatted(parts.size())
                : "too many values to unpack (expected 2)");
      }
      item = soft(in, parts.get(0)).text();
      key = soft(in, parts.get(1)).text();
    }
    var style = new JsonDumps.Style(a[1].truth(), indent, item, key, a[4].truth());
    return Str.of(JsonDumps.write(a[0], style, in.budget()));
  }
}

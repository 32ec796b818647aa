package io.foregate.template.operation;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Int;
import io.foregate.template.value.Markup;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Range;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.util.List;

/** Python's {@code format % values}. For one use. */
public final class Percent {
  private final Str format;
  private final Budget budget;
  private final TextBuilder out;
  private List<Value> values;
  private Dict named;
  private boolean isSingle;
  private int used;

  Percent(Str format, Budget budget) {
    this.format = format;
    this.budget = budget;
    this.out = new TextBuilder(budget);
  }

  /** The text with the values in it. */
  Value format(Value argument) {
    isSingle = !(argument instanceof Seq s && !s.isList());
    values = isSingle ? List.of(argument) : ((Seq) argument).items();
    named = argument instanceof Dict d ? d : null;
    String text = format.text();
    int done = 0;
    for (int at = text.indexOf('%'); at >= 0; at = text.indexOf('%', done)) {
      out.append(text, done, at);
      done = field(text, at + 1);
    }
    out.append(text, done, text.length());
    boolean mayIgnore = isSingle && isMapping(argument);
    if (used < values.size() && !mayIgnore) {
      throw TemplateException.of("not all arguments converted during string formatting");
    }
    return new Str(out.toString(), format.isSafe());
  }

  private static boolean isMapping(Value argument) {
    return argument instanceof Dict
        || argument instanceof Seq
        || argument instanceof Range
        || argument instanceof Undefined;
  }

  /** Writes the field that begins after its sign; returns where it ends. */
  private int field(String text, int begin) {
    var spec = new Spec();
    int at = begin;
    Value keyed = null;
    if (at < text.length() && text.charAt(at) == '(') {
      requireMapping();
      int close = closing(text, at);
      keyed = named(text.substring(at + 1, close));
      at = close + 1;
    }
    while (at < text.length() && "-+ #0".indexOf(text.charAt(at)) >= 0) {
      spec.flag(text.charAt(at++));
    }
    int[] end = {at};
    int width = number(text, end, "width");
    if (width < 0) {
      spec.flag('-');
    }
    spec.width = Math.abs(width);
    if (end[0] < text.length() && text.charAt(end[0]) == '.') {
      end[0]++;
      spec.precision = Math.max(0, number(text, end, "precision"));
    }
    at = end[0];
    while (at < text.length() && "hlL".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    if (at >= text.length()) {
      throw TemplateException.of("incomplete format");
    }
    int type = text.codePointAt(at);
    if (type == '%') {
      out.append("%");
    } else {
      spec.type = type;
      out.append(convert(spec, keyed != null ? keyed : next(), at));
    }
    return at + Character.charCount(type);
  }

  private static int closing(String text, int open) {
    int depth = 0;
    for (int i = open; i < text.length(); i++) {
      depth += text.charAt(i) == '(' ? 1 : text.charAt(i) == ')' ? -1 : 0;
      if (depth == 0) {
        return i;
      }
    }
    throw TemplateException.of("incomplete format key");
  }

  private void requireMapping() {
    if (named == null && isSingle && values.getFirst() instanceof Undefined u) {
      throw u.failure();
    }
    if (named == null && !isList()) {
      throw TemplateException.of("format requires a mapping");
    }
  }

  private boolean isList() {
    return isSingle && values.getFirst() instanceof Seq;
  }

  private Value named(String key) {
    if (isList()) {
      throw TemplateException.of("list indices must be integers or slices, not str");
    }
    Value value = named.get(key);
    if (value == null) {
      throw TemplateException.of(Printer.quote(key));
    }
    used = values.size();
    return value;
  }

  private Value next() {
    if (used >= values.size()) {
      throw TemplateException.of("not enough arguments for format string");
    }
    return values.get(used++);
  }

  /** A number in the format, or the next value where there is a star. */
  private int number(String text, int[] at, String what) {
    if (at[0] < text.length() && text.charAt(at[0]) == '*') {
      at[0]++;
      Value value = next();
      if (!Numbers.isInteger(value)) {
        throw TemplateException.of("* wants int");
      }
      return Math.max(-Integer.MAX_VALUE, Numbers.integer(value).clamped());
    }
    long number = 0;
    while (at[0] < text.length() && Character.digit(text.charAt(at[0]), 10) >= 0) {
      number = number * 10 + Character.digit(text.charAt(at[0]++), 10);
      if (number > Integer.MAX_VALUE) {
        throw TemplateException.of(what + " too big");
      }
    }
    return (int) number;
  }

  private String convert(Spec spec, Value value, int place) {
    return switch (spec.type) {
      case 's' -> spec.pad(cut(spec, shown(value)), budget);
      case 'r' -> spec.pad(cut(spec, Printer.repr(value, budget)), budget);
      case 'a' -> spec.pad(cut(spec, JsonDumps.ascii(Printer.repr(value, budget), budget)), budget);
      case 'c' -> spec.pad(character(value), budget);
      case 'd', 'i', 'u', 'o', 'x', 'X' -> spec.integer(whole(spec, value), budget);
      case 'e', 'E', 'f', 'F', 'g', 'G' -> spec.real(real(value), budget);
      default ->
          throw TemplateException.of(
              "unsupported format character '%s' (0x%x) at index %d"
                  .formatted(Character.toString(spec.type), spec.type, place));
    };
  }

  private String shown(Value value) {
    return format.isSafe() ? Markup.escape(value, budget).text() : Printer.str(value, budget);
  }

  private String cut(Spec spec, String text) {
    if (spec.precision < 0 || spec.precision >= text.length()) {
      return text;
    }
    var s = Str.of(text);
    return s.between(0, Math.min(spec.precision, s.length(budget)), budget);
  }

  private static Int whole(Spec spec, Value value) {
    if (Numbers.isInteger(value)) {
      return Numbers.integer(value);
    }
    if (value instanceof Undefined u) {
      throw u.failure();
    }
    boolean decimal = "diu".indexOf(spec.type) >= 0;
    if (value instanceof Value.Real r && decimal) {
      return Numbers.truncate(r.value());
    }
    throw TemplateException.of(
        "%%%s format: %s is required, not %s"
            .formatted(
                Character.toString(spec.type),
                decimal ? "a real number" : "an integer",
                value.typeName()));
  }

  private static double real(Value value) {
    if (value instanceof Undefined u) {
      throw u.failure();
    }
    if (!Numbers.isNumber(value)) {
      throw TemplateException.of("must be real number, not " + value.typeName());
    }
    return Numbers.real(value);
  }

  private String character(Value value) {
    if (value instanceof Str s && s.length(budget) == 1) {
      return s.text();
    }
    if (!Numbers.isInteger(value)) {
      throw TemplateException.of("%c requires int or char");
    }
    int point = Numbers.integer(value).clamped();
    if (!Character.isValidCodePoint(point)) {
      throw TemplateException.of("%c arg not in range(0x110000)");
    }
    return Character.toString(point);
  }
}

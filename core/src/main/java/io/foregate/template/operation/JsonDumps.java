package io.foregate.template.operation;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Int;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Python's {@code json.dumps}. For one use. */
public final class JsonDumps {
  /**
   * How to write.
   *
   * @param indent what each level is indented by, or null for a single line
   * @param item what is between items
   * @param key what is between a key and its value
   */
  public record Style(boolean ascii, String indent, String item, String key, boolean sorted) {}

  private static final int DELETE = 0x7f;

  private final Style style;
  private final Budget budget;
  private final TextBuilder out;
  private int depth;

  private JsonDumps(Style style, Budget budget) {
    this.style = style;
    this.budget = budget;
    this.out = new TextBuilder(budget);
  }

  /** A value as JSON. */
  public static String write(Value value, Style style, Budget budget) {
    var json = new JsonDumps(style, budget);
    json.write(value);
    return json.out.toString();
  }

  private void write(Value value) {
    budget.enter();
    switch (value) {
      case Value.None n -> out.append("null");
      case Value.Bool b -> out.append(b.truth() ? "true" : "false");
      case Int i -> out.append(Printer.integer(i, budget));
      case Value.Real r -> out.append(real(r.value()));
      case Str s -> quote(s.text());
      case Seq s -> list(s.items());
      case Dict d -> dict(d);
      default ->
          throw TemplateException.of(
              "Object of type %s is not JSON serializable".formatted(value.typeName()));
    }
    budget.leave();
  }

  private static String real(double value) {
    return Double.isNaN(value)
        ? "NaN"
        : Double.isInfinite(value) ? (value > 0 ? "Infinity" : "-Infinity") : Numbers.repr(value);
  }

  private void list(List<Value> items) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append("[");
    depth++;
    Iterator<Value> rest = items.iterator();
    while (rest.hasNext()) {
      newLine();
      write(rest.next());
      out.append(rest.hasNext() ? style.item() : "");
    }
    depth--;
    newLine();
    out.append("]");
  }

  private void dict(Dict dict) {
    if (dict.size() == 0) {
      out.append("{}");
      return;
    }
    out.append("{");
    depth++;
    Iterator<Dict.Entry> rest = entries(dict).iterator();
    while (rest.hasNext()) {
      Dict.Entry entry = rest.next();
      newLine();
      quote(key(entry.key()));
      out.append(style.key());
      write(entry.value());
      out.append(rest.hasNext() ? style.item() : "");
    }
    depth--;
    newLine();
    out.append("}");
  }

  private Iterable<Dict.Entry> entries(Dict dict) {
    if (!style.sorted()) {
      return dict.entries();
    }
    budget.list(dict.size());
    var entries = new ArrayList<Dict.Entry>();
    dict.entries().forEach(entries::add);
    return Sorting.sorted(entries, Dict.Entry::key, false, budget);
  }

  private String key(Value key) {
    return switch (key) {
      case Str s -> s.text();
      case Value.None n -> "null";
      case Value.Bool b -> b.truth() ? "true" : "false";
      case Int i -> Printer.integer(i, budget);
      case Value.Real r -> real(r.value());
      default ->
          throw TemplateException.of(
              "keys must be str, int, float, bool or None, not " + key.typeName());
    };
  }

  private void newLine() {
    if (style.indent() != null) {
      out.append("\n").repeat(style.indent(), depth);
    }
  }

  private void quote(String text) {
    out.append("\"");
    int done = 0;
    for (int i = 0; i < text.length(); i++) {
      String escaped = escape(text.charAt(i));
      if (escaped != null) {
        out.append(text, done, i).append(escaped);
        done = i + 1;
      }
    }
    out.append(text, done, text.length()).append("\"");
  }

  private String escape(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\b' -> "\\b";
      case '\f' -> "\\f";
      default -> c < ' ' || (style.ascii() && c > DELETE) ? unicode(c) : null;
    };
  }

  private static String unicode(int c) {
    return "\\u%04x".formatted(c);
  }

  /** A text whose characters beyond ASCII are written as Python's {@code ascii} does. */
  static String ascii(String text, Budget budget) {
    var out = new TextBuilder(budget);
    for (int i = 0; i < text.length(); ) {
      int point = text.codePointAt(i);
      i += Character.charCount(point);
      if (point <= DELETE) {
        out.append(point);
      } else {
        out.append(
            point < 0x100
                ? "\\x%02x".formatted(point)
                : Character.isBmpCodePoint(point) ? unicode(point) : "\\U%08x".formatted(point));
      }
    }
    return out.toString();
  }
}

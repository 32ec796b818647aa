package io.foregate.template.value;

import java.util.Iterator;

/** Values as Python prints them: {@code str} and {@code repr}. */
public final class Printer {
  private static final int DELETE = 0x7f;
  private static final int LATIN = 0x100;
  private static final int SMALL_TEXT = 48;

  private final Budget budget;
  private final TextBuilder out;

  private Printer(Budget budget) {
    this.budget = budget;
    this.out = new TextBuilder(budget);
  }

  /** Python's {@code str(value)}. */
  public static String str(Value value, Budget budget) {
    budget.step();
    return switch (value) {
      case Str s -> s.text();
      case Undefined u -> "";
      case Int i -> integer(i, budget);
      default -> repr(value, budget);
    };
  }

  /** Python's {@code repr(value)}. */
  public static String repr(Value value, Budget budget) {
    var printer = new Printer(budget);
    printer.write(value);
    return printer.out.toString();
  }

  private void write(Value value) {
    budget.enter();
    switch (value) {
      case Value.None n -> out.append("None");
      case Value.Bool b -> out.append(b.truth() ? "True" : "False");
      case Int i -> out.append(integer(i, budget));
      case Value.Real r -> out.append(Numbers.repr(r.value()));
      case Str s -> text(s);
      case Seq s -> sequence(s);
      case Dict d -> dict(d);
      case View v -> view(v);
      case Range r -> out.append(range(r));
      case Cursor c -> out.append("<" + c.typeName() + " object>");
      case Undefined u -> out.append("Undefined");
      case Namespace n -> {
        out.append("<Namespace ");
        dict(n.attributes());
        out.append(">");
      }
      case Facility f -> out.append(f.repr().get());
    }
    budget.leave();
  }

  private void text(Str s) {
    budget.text(2L * s.text().length());
    String quoted = quote(s.text());
    out.append(s.isSafe() ? "Markup(" + quoted + ")" : quoted);
  }

  private void sequence(Seq s) {
    out.append(s.isList() ? "[" : "(");
    items(s.items().iterator());
    if (!s.isList() && s.items().size() == 1) {
      out.append(",");
    }
    out.append(s.isList() ? "]" : ")");
  }

  private void items(Iterator<Value> items) {
    while (items.hasNext()) {
      write(items.next());
      if (items.hasNext()) {
        out.append(", ");
      }
    }
  }

  private void dict(Dict dict) {
    out.append("{");
    boolean first = true;
    for (Dict.Entry entry : dict.entries()) {
      out.append(first ? "" : ", ");
      write(entry.key());
      out.append(": ");
      write(entry.value());
      first = false;
    }
    out.append("}");
  }

  private void view(View view) {
    out.append(view.typeName()).append("([");
    items(Iteration.of(view, budget));
    out.append("])");
  }

  private static String range(Range r) {
    return "range(" + r.start() + ", " + r.stop() + (r.step() == 1 ? ")" : ", " + r.step() + ")");
  }

  /** An integer's digits, of which Python allows 4300. */
  public static String integer(Int value, Budget budget) {
    budget.bytes(SMALL_TEXT);
    return value.isSmall() ? Long.toString(value.small()) : Numbers.digits(value.big(), budget);
  }

  /** A text in quotes, as {@code repr} writes it. */
  public static String quote(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    var out = new StringBuilder(text.length() + 2).append(quote);
    for (int i = 0; i < text.length(); ) {
      int point = text.codePointAt(i);
      i += Character.charCount(point);
      if (point == quote || point == '\\') {
        out.append('\\').append((char) point);
      } else if ((point >= ' ' && point < DELETE) || (point > DELETE && isPrintable(point))) {
        out.appendCodePoint(point);
      } else {
        escape(point, out);
      }
    }
    return out.append(quote).toString();
  }

  private static void escape(int point, StringBuilder out) {
    switch (point) {
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      default -> {
        if (point < LATIN) {
          out.append("\\x%02x".formatted(point));
        } else if (Character.isBmpCodePoint(point)) {
          out.append("\\u%04x".formatted(point));
        } else {
          out.append("\\U%08x".formatted(point));
        }
      }
    }
  }

  /** Python's {@code str.isprintable} of one character. */
  public static boolean isPrintable(int point) {
    if (point == ' ') {
      return true;
    }
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }
}

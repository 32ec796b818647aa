package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.operation.Text;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Markup;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Filters of HTML and addresses. */
final class MarkupFilters {
  private static final String UNRESERVED = "_.-~";

  private MarkupFilters() {}

  static void list(Filters.Table table) {
    table
        .add("escape", "escape(s)", (in, a) -> Markup.escape(a[0], in.budget()))
        .alias("e", "escape")
        .add(
            "forceescape",
            "do_forceescape(value)",
            (in, a) ->
                new Str(Markup.escaped(TextFilters.soft(in, a[0]).text(), in.budget()), true))
        .add(
            "safe", "do_mark_safe(value)", (in, a) -> new Str(Printer.str(a[0], in.budget()), true))
        .add(
            "striptags",
            "do_striptags(value)",
            (in, a) -> Str.of(stripTags(Printer.str(a[0], in.budget()), in.budget())))
        .add("urlencode", "do_urlencode(value)", MarkupFilters::urlEncode)
        .add("xmlattr", "do_xmlattr(@ctx, d, autospace=True)", MarkupFilters::attributes)
        .add(
            "urlize",
            (in, value, arguments) -> {
              throw TemplateException.of("urlize writes links of HTML, which no chat template may");
            });
  }

  /** Without comments and tags, and with single spaces. */
  private static String stripTags(String s, Budget budget) {
    String text = without(without(s, "<!--", "-->", budget), "<", ">", budget);
    String spaced = Text.join(" ", Text.split(text, -1, budget), budget);
    return Entities.unescape(spaced, budget);
  }

  private static String without(String s, String begin, String end, Budget budget) {
    var out = new TextBuilder(budget);
    int at = 0;
    for (int open = s.indexOf(begin); open >= 0; open = s.indexOf(begin, at)) {
      int close = s.indexOf(end, open);
      if (close < 0) {
        break;
      }
      out.append(s, at, open);
      at = close + end.length();
    }
    return out.append(s, at, s.length()).toString();
  }

  private static Value urlEncode(Interpreter in, Value[] a) {
    if (a[0] instanceof Str || !Iteration.isIterable(a[0])) {
      return Str.of(quoted(in, a[0], "/", false));
    }
    var parts = new ArrayList<String>();
    if (a[0] instanceof Dict dict) {
      dict.entries().forEach(e -> parts.add(pair(in, e.key(), e.value())));
    } else {
      for (Value item : Iteration.all(a[0], in.budget())) {
        if (!Iteration.isIterable(item)) {
          throw TemplateException.of(
              "cannot unpack non-iterable %s object".formatted(item.typeName()));
        }
        List<Value> pair = Iteration.all(item, in.budget());
        if (pair.size() != 2) {
          throw TemplateException.of(
              pair.size() < 2
                  ? "not enough values to unpack (expected 2, got %d)".formatted(pair.size())
                  : "too many values to unpack (expected 2)");
        }
        parts.add(pair(in, pair.get(0), pair.get(1)));
      }
    }
    return Str.of(Text.join("&", parts, in.budget()));
  }

  private static String pair(Interpreter in, Value key, Value value) {
    return quoted(in, key, "", true) + "=" + quoted(in, value, "", true);
  }

  private static String quoted(Interpreter in, Value value, String safe, boolean plus) {
    String text = Printer.str(value, in.budget());
    in.budget().text(2L * text.length());
    var out = new TextBuilder(in.budget());
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      boolean plain =
          (b >= 'a' && b <= 'z')
              || (b >= 'A' && b <= 'Z')
              || (b >= '0' && b <= '9')
              || (b > 0 && (UNRESERVED.indexOf(b) >= 0 || safe.indexOf(b) >= 0));
      if (plain) {
        out.append(b);
      } else {
        out.append(plus && b == ' ' ? "+" : "%%%02X".formatted(b));
      }
    }
    return out.toString();
  }

  private static Value attributes(Interpreter in, Value[] a) {
    if (!(a[0] instanceof Dict dict)) {
      if (a[0] instanceof Undefined u) {
        throw u.failure();
      }
      throw TemplateException.of("'%s' object has no attribute 'items'".formatted(a[0].typeName()));
    }
    var out = new TextBuilder(in.budget());
    for (Dict.Entry entry : dict.entries()) {
      if (entry.value() == Value.None.NONE || entry.value() instanceof Undefined) {
        continue;
      }
      if (!(entry.key() instanceof Str key)) {
        throw TemplateException.of(
            "expected string or bytes-like object, got '%s'".formatted(entry.key().typeName()));
      }
      if (key.text().chars().anyMatch(c -> " \t\n\r\f\u000b/>=".indexOf(c) >= 0)) {
        throw TemplateException.of(
            "Invalid character in attribute name: " + Printer.quote(key.text()));
      }
      out.append(out.isEmpty() ? "" : " ")
          .append(Markup.escaped(key, in.budget()))
          .append("=\"")
          .append(Markup.escape(entry.value(), in.budget()).text())
          .append("\"");
    }
    boolean spaced = a[1].truth() && !out.isEmpty();
    return new Str((spaced ? " " : "") + out, in.escapes());
  }
}

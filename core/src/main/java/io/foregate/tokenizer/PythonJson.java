package io.foregate.tokenizer;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;

/** The filter {@code tojson(indent=N)} as Python's {@code json.dumps} writes it. */
final class PythonJson implements AdvancedFilter {
  private static final int MAX_INDENT = 16;

  @Override
  public String getName() {
    return "tojson";
  }

  @Override
  public Object filter(
      Object value, JinjavaInterpreter interpreter, Object[] args, Map<String, Object> kwargs) {
    var out = new StringBuilder();
    Object indent = kwargs.get("indent");
    write(value, indent instanceof Number n ? Math.min(n.intValue(), MAX_INDENT) : -1, 0, out);
    return out.toString();
  }

  private static void write(Object value, int indent, int depth, StringBuilder out) {
    switch (value) {
      case null -> out.append("null");
      case Map<?, ?> map -> writeAll(map.entrySet(), '{', '}', indent, depth, out);
      case Collection<?> list -> writeAll(list, '[', ']', indent, depth, out);
      case Map.Entry<?, ?> entry -> {
        quote(entry.getKey().toString(), out);
        out.append(": ");
        write(entry.getValue(), indent, depth, out);
      }
      case Number number -> out.append(number);
      case Boolean truth -> out.append(truth);
      default -> quote(value.toString(), out);
    }
  }

  private static void writeAll(
      Collection<?> items, char open, char close, int indent, int depth, StringBuilder out) {
    out.append(open);
    Iterator<?> rest = items.iterator();
    while (rest.hasNext()) {
      newLine(indent, depth + 1, out);
      write(rest.next(), indent, depth + 1, out);
      if (rest.hasNext()) {
        out.append(indent < 0 ? ", " : ",");
      }
    }
    if (!items.isEmpty()) {
      newLine(indent, depth, out);
    }
    out.append(close);
  }

  private static void newLine(int indent, int depth, StringBuilder out) {
    if (indent >= 0) {
      out.append('\n').append(" ".repeat(indent * depth));
    }
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < ' ') {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}

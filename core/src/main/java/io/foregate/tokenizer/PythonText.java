package io.foregate.tokenizer;

import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;

/** How Python writes a value: {@code str(x)}, and {@code repr(x)} for what is inside of others. */
final class PythonText {
  private PythonText() {}

  /** Text as it is; nothing for {@code null}, because what is undefined prints nothing. */
  static String of(Object value) {
    return value == null ? "" : value instanceof CharSequence ? value.toString() : repr(value);
  }

  private static String repr(Object value) {
    return switch (value) {
      case null -> "None";
      case Boolean truth -> truth ? "True" : "False";
      case CharSequence text -> quote(text.toString());
      case Map<?, ?> map ->
          map.entrySet().stream()
              .map(entry -> repr(entry.getKey()) + ": " + repr(entry.getValue()))
              .collect(Collectors.joining(", ", "{", "}"));
      case Collection<?> list ->
          list.stream().map(PythonText::repr).collect(Collectors.joining(", ", "[", "]"));
      default -> value.toString();
    };
  }

  private static String quote(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    var out = new StringBuilder().append(quote);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c == quote) {
            out.append('\\').append(c);
          } else if (c < ' ') {
            out.append("\\x%02x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append(quote).toString();
  }
}

package io.foregate.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The methods of Python's strings, dictionaries and lists that chat templates call. None changes
 * its object, as in the sandbox of Hugging Face's transformers, but {@code __append__}, which
 * {@link JinjaSource} writes.
 */
final class PythonMethods {
  private PythonMethods() {}

  /**
   * Calls a method.
   *
   * @throws TemplateFault if there is no such method, with the sentence to show
   */
  static Object call(Object base, String method, List<Object> arguments) {
    Object result =
        switch (base) {
          case String text -> ofString(text, method, arguments);
          case Map<?, ?> map -> ofMap(map, method, arguments);
          case List<?> list -> ofList(list, method, arguments);
          case null, default -> null;
        };
    if (result == null && !method.equals("get")) {
      throw new TemplateFault("it calls the unknown method '%s'".formatted(method));
    }
    return result;
  }

  private static Object ofString(String text, String method, List<Object> arguments) {
    return switch (method) {
      case "strip" -> stripStart(stripEnd(text, arguments), arguments);
      case "lstrip" -> stripStart(text, arguments);
      case "rstrip" -> stripEnd(text, arguments);
      case "startswith" -> affixes(arguments).stream().anyMatch(text::startsWith);
      case "endswith" -> affixes(arguments).stream().anyMatch(text::endsWith);
      case "split" -> split(text, arguments);
      case "rsplit" -> rsplit(text, arguments);
      case "splitlines" -> text.lines().toList();
      case "replace" -> replace(text, string(arguments, 0), string(arguments, 1), arguments);
      case "removeprefix" -> removePrefix(text, string(arguments, 0));
      case "removesuffix" -> removeSuffix(text, string(arguments, 0));
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "capitalize" -> capitalize(text);
      case "title" -> title(text);
      case "find" -> text.indexOf(string(arguments, 0));
      case "count" -> count(text, string(arguments, 0));
      case "join" -> join(text, arguments);
      case "format" -> format(text, arguments);
      case "__reversed__" -> new StringBuilder(text).reverse().toString();
      default -> null;
    };
  }

  private static Object ofMap(Map<?, ?> map, String method, List<Object> arguments) {
    return switch (method) {
      case "get" -> {
        Object value = map.get(string(arguments, 0));
        yield value != null || arguments.size() < 2 ? value : arguments.get(1);
      }
      case "keys" -> new ArrayList<Object>(map.keySet());
      case "values" -> new ArrayList<Object>(map.values());
      case "items" ->
          map.entrySet().stream().map(e -> Arrays.asList(e.getKey(), e.getValue())).toList();
      default -> null;
    };
  }

  @SuppressWarnings("unchecked")
  private static Object ofList(List<?> list, String method, List<Object> arguments) {
    return switch (method) {
      case "index" -> list.indexOf(arguments.getFirst());
      case "count" -> Collections.frequency(list, arguments.getFirst());
      case "__reversed__" -> list.reversed();
      case "__append__" -> ((List<Object>) list).add(arguments.getFirst());
      default -> null;
    };
  }

  private static String string(List<Object> arguments, int index) {
    if (index >= arguments.size() || !(arguments.get(index) instanceof String text)) {
      throw new TemplateFault("it calls a method without the text that it needs");
    }
    return text;
  }

  private static List<String> affixes(List<Object> arguments) {
    return !arguments.isEmpty() && arguments.getFirst() instanceof Collection<?> several
        ? several.stream().map(Object::toString).toList()
        : List.of(string(arguments, 0));
  }

  private static boolean strips(char c, List<Object> arguments) {
    if (arguments.isEmpty() || arguments.getFirst() == null) {
      return Character.isWhitespace(c) || c == '\u00A0' || c == '\u0085';
    }
    return string(arguments, 0).indexOf(c) >= 0;
  }

  private static String stripStart(String text, List<Object> arguments) {
    int start = 0;
    while (start < text.length() && strips(text.charAt(start), arguments)) {
      start++;
    }
    return text.substring(start);
  }

  private static String stripEnd(String text, List<Object> arguments) {
    int end = text.length();
    while (end > 0 && strips(text.charAt(end - 1), arguments)) {
      end--;
    }
    return text.substring(0, end);
  }

  /** How often to split or replace, if an argument says it. */
  private static int limit(List<Object> arguments, int index) {
    return arguments.size() > index && arguments.get(index) instanceof Number n && n.intValue() >= 0
        ? n.intValue()
        : Integer.MAX_VALUE;
  }

  private static String replace(String text, String old, String by, List<Object> arguments) {
    int hits = Math.min(count(text, old), limit(arguments, 2));
    checkLength(text.length() + (long) hits * (by.length() - old.length()));
    Pattern pattern = Pattern.compile(old, Pattern.LITERAL);
    var out = new StringBuilder();
    Matcher matcher = pattern.matcher(text);
    for (int i = 0; i < hits && matcher.find(); i++) {
      matcher.appendReplacement(out, Matcher.quoteReplacement(by));
    }
    return matcher.appendTail(out).toString();
  }

  private static void checkLength(long length) {
    if (length > JinjaSandbox.MAX_CHARS) {
      throw new TemplateFault("it makes a text of %d characters".formatted(length));
    }
  }

  private static List<String> split(String text, List<Object> arguments) {
    if (arguments.isEmpty() || arguments.getFirst() == null) {
      String stripped = text.strip();
      return stripped.isEmpty() ? List.of() : List.of(stripped.split("\\s+"));
    }
    String separator = separator(arguments);
    var parts = new ArrayList<String>();
    int start = 0;
    int hit = text.indexOf(separator);
    for (int left = limit(arguments, 1); hit >= 0 && left > 0; left--) {
      parts.add(text.substring(start, hit));
      start = hit + separator.length();
      hit = text.indexOf(separator, start);
    }
    parts.add(text.substring(start));
    return parts;
  }

  private static List<String> rsplit(String text, List<Object> arguments) {
    String separator = separator(arguments);
    var parts = new ArrayList<String>();
    int end = text.length();
    int hit = text.lastIndexOf(separator);
    for (int left = limit(arguments, 1); hit >= 0 && left > 0; left--) {
      parts.add(text.substring(hit + separator.length(), end));
      end = hit;
      hit = end < separator.length() ? -1 : text.lastIndexOf(separator, end - separator.length());
    }
    parts.add(text.substring(0, end));
    return parts.reversed();
  }

  private static String separator(List<Object> arguments) {
    String separator = string(arguments, 0);
    if (separator.isEmpty()) {
      throw new TemplateFault("it splits a text at an empty separator");
    }
    return separator;
  }

  private static String removePrefix(String text, String prefix) {
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }

  private static String removeSuffix(String text, String suffix) {
    return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
  }

  private static String capitalize(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  private static String title(String text) {
    return Arrays.stream(text.split("(?<=\\P{L})(?=\\p{L})", -1))
        .map(PythonMethods::capitalize)
        .collect(Collectors.joining());
  }

  private static int count(String text, String part) {
    return part.isEmpty()
        ? text.length() + 1
        : (text.length() - text.replace(part, "").length()) / part.length();
  }

  private static String join(String separator, List<Object> arguments) {
    if (arguments.isEmpty() || !(arguments.getFirst() instanceof Collection<?> parts)) {
      throw new TemplateFault("it joins what is not a list");
    }
    List<String> texts = parts.stream().map(PythonText::of).toList();
    checkLength(
        texts.stream().mapToLong(String::length).sum() + (long) separator.length() * texts.size());
    return String.join(separator, texts);
  }

  /** Python's {@code str.format}, of which templates use the bare {@code {}} only. */
  private static String format(String text, List<Object> arguments) {
    String result = text;
    for (Object argument : arguments) {
      int hole = result.indexOf("{}");
      if (hole >= 0) {
        result = result.substring(0, hole) + argument + result.substring(hole + 2);
      }
    }
    return result;
  }
}

package io.foregate.tokenizer;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A filter that Jinjava lacks, or has with another meaning than Jinja2, or without bounds.
 *
 * @param name how templates call it
 * @param function what it makes of a value, which may be {@code null}, and its arguments
 */
record PythonFilter(String name, BiFunction<Object, List<Object>, Object> function)
    implements Filter {
  /** All of them. */
  static final List<PythonFilter> ALL =
      List.of(
          new PythonFilter("string", (value, args) -> PythonText.of(value)),
          new PythonFilter("replace", PythonFilter::replace),
          new PythonFilter("items", (value, args) -> items(value)),
          new PythonFilter("first", (value, args) -> end(value, true)),
          new PythonFilter("last", (value, args) -> end(value, false)));

  @Override
  public String getName() {
    return name;
  }

  @Override
  public Object filter(Object value, JinjavaInterpreter interpreter, String... args) {
    return function.apply(value, Arrays.asList((Object[]) args));
  }

  @Override
  public Object filter(
      Object value, JinjavaInterpreter interpreter, Object[] args, Map<String, Object> kwargs) {
    return function.apply(value, Arrays.asList(args));
  }

  private static Object replace(Object value, List<Object> args) {
    return PythonMethods.call(PythonText.of(value), "replace", args);
  }

  private static Object items(Object value) {
    return value instanceof Map<?, ?> ? PythonMethods.call(value, "items", List.of()) : List.of();
  }

  private static Object end(Object value, boolean first) {
    return switch (value) {
      case String text when !text.isEmpty() ->
          first ? text.substring(0, 1) : text.substring(text.length() - 1);
      case List<?> list when !list.isEmpty() -> first ? list.getFirst() : list.getLast();
      case Map<?, ?> map when !map.isEmpty() ->
          first ? map.keySet().iterator().next() : List.copyOf(map.keySet()).getLast();
      case null, default -> null;
    };
  }
}

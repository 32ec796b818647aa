package io.foregate.template.value;

import io.foregate.template.TemplateException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes values of plain Java data, and counts it. */
public final class Import {
  private final int maxDepth;
  private int depth;
  private long chars;

  public Import(int maxDepth) {
    this.maxDepth = maxDepth;
  }

  /** How much there was: characters, and a few for everything else. */
  public long chars() {
    return chars;
  }

  /** The values of variables. */
  public Map<String, Value> variables(Map<String, ?> variables) {
    var values = new LinkedHashMap<String, Value>();
    variables.forEach((name, value) -> values.put(name, value(value)));
    return values;
  }

  private Value value(Object value) {
    chars += 8;
    return switch (value) {
      case null -> Value.None.NONE;
      case String text -> text(text);
      case Boolean truth -> Value.Bool.of(truth);
      case Integer number -> Int.of(number);
      case Long number -> Int.of(number);
      case BigInteger number -> Int.of(number);
      case Double number -> new Value.Real(number);
      case Float number -> new Value.Real(number);
      case List<?> list -> list(list);
      case Map<?, ?> map -> map(map);
      default ->
          throw new IllegalArgumentException(
              "no template can hold a " + value.getClass().getName());
    };
  }

  private Value text(String text) {
    chars += text.length();
    return Str.of(text);
  }

  private Value list(List<?> list) {
    enter();
    var items = new ArrayList<Value>(list.size());
    list.forEach(item -> items.add(value(item)));
    depth--;
    return new Seq(items, Seq.Kind.LIST);
  }

  private Value map(Map<?, ?> map) {
    enter();
    var dict = new Dict();
    map.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) {
            throw new IllegalArgumentException("a template's map needs texts as keys: " + key);
          }
          chars += name.length();
          dict.putText(name, value(value));
        });
    depth--;
    return dict;
  }

  private void enter() {
    if (++depth > maxDepth / 4) {
      throw TemplateException.of(
          "what it is given nests too deeply: more than %d levels".formatted(maxDepth / 4));
    }
  }
}

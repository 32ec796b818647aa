package io.foregate.template.value;

import java.util.List;
import java.util.Map;

/** What something is called with. */
public record Arguments(List<Value> positional, Map<String, Value> named) {
  public static final Arguments NONE = new Arguments(List.of(), Map.of());
}

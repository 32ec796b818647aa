package io.foregate.template.eval;

import io.foregate.template.value.Value;
import java.util.HashMap;
import java.util.Map;

/** Variables of a body, and those around it. */
final class Scope {
  private final Scope outer;
  private Map<String, Value> variables;

  /** The scope of a template. */
  Scope(Map<String, Value> variables) {
    this.outer = null;
    this.variables = new HashMap<>(variables);
  }

  /** A scope within another. */
  Scope(Scope outer) {
    this.outer = outer;
  }

  /** The value of a variable, or null. */
  Value get(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Value value = scope.variables == null ? null : scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  void set(String name, Value value) {
    if (variables == null) {
      variables = new HashMap<>(4);
    }
    variables.put(name, value);
  }

  /** The scope of the whole template. */
  Scope root() {
    Scope scope = this;
    while (scope.outer != null) {
      scope = scope.outer;
    }
    return scope;
  }
}

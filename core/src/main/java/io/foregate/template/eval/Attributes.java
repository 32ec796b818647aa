package io.foregate.template.eval;

import io.foregate.template.value.Int;
import io.foregate.template.value.Str;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Attributes that filters are given to look at in each item. */
final class Attributes {
  private Attributes() {}

  /** What an attribute of filters means: items by name or place, with dots between them. */
  static UnaryOperator<Value> getter(Interpreter in, Value attribute, Value otherwise) {
    List<Value> parts = parts(attribute);
    Access access = in.evaluator().access();
    return item -> {
      Value value = item;
      for (Value part : parts) {
        in.budget().step();
        value = access.item(value, part);
        if (otherwise != Value.None.NONE && value instanceof Undefined) {
          value = otherwise;
        }
      }
      return value;
    };
  }

  private static List<Value> parts(Value attribute) {
    if (attribute == Value.None.NONE) {
      return List.of();
    }
    if (!(attribute instanceof Str s)) {
      return List.of(attribute);
    }
    var parts = new ArrayList<Value>();
    for (String part : s.text().split("\\.", -1)) {
      boolean isNumber =
          !part.isEmpty() && part.length() < 10 && part.chars().allMatch(Character::isDigit);
      parts.add(isNumber ? Int.of(Integer.parseInt(part)) : Str.of(part));
    }
    return parts;
  }
}

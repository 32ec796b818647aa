package io.foregate.template.value;

import io.foregate.template.TemplateException;
import java.util.ArrayList;
import java.util.List;

/** Objects whose {@code equals} and {@code hashCode} are Python's, as keys of Java's maps. */
public final class Keys {
  private Keys() {}

  /**
   * The key of a value.
   *
   * @throws TemplateException if Python could not hash it
   */
  public static Object of(Value value, Budget budget) {
    budget.step();
    return switch (value) {
      case Str s -> text(s, budget);
      case Value.Bool b -> b.truth() ? 1L : 0L;
      case Int i -> i.isSmall() ? (Object) i.small() : i.big();
      case Value.Real r -> number(r.value());
      case Seq s when !s.isList() -> tuple(s, budget);
      case Seq s -> throw unhashable(s);
      case Dict d -> throw unhashable(d);
      case View v -> throw unhashable(v);
      case Undefined u -> Undefined.class;
      case Range r -> List.of(r.size(), r.start(), r.step());
      case Value.None n -> n;
      default -> new Same(value);
    };
  }

  private static Object text(Str s, Budget budget) {
    budget.scan(s.text().length());
    return s.text();
  }

  private static Object number(double value) {
    if (value == Math.rint(value) && !Double.isInfinite(value)) {
      Int exact = Numbers.floor(value);
      return exact.isSmall() ? (Object) exact.small() : exact.big();
    }
    return value;
  }

  private static Object tuple(Seq tuple, Budget budget) {
    budget.enter();
    budget.list(2L * tuple.items().size());
    var keys = new ArrayList<>(tuple.items().size());
    int hash = 1;
    for (Value item : tuple.items()) {
      Object key = of(item, budget);
      keys.add(key);
      hash = 31 * hash + key.hashCode();
    }
    budget.leave();
    return new Tuple(keys, hash, budget);
  }

  private static TemplateException unhashable(Value value) {
    return TemplateException.of("unhashable type: '%s'".formatted(value.typeName()));
  }

  /** Of values that share parts, comparing can take long: it is counted. */
  private record Tuple(List<Object> keys, int hash, Budget budget) {
    @Override
    public boolean equals(Object other) {
      if (!(other instanceof Tuple tuple)
          || tuple.hash != hash
          || tuple.keys.size() != keys.size()) {
        return false;
      }
      budget.enter();
      for (int i = 0; i < keys.size(); i++) {
        budget.step();
        if (!keys.get(i).equals(tuple.keys.get(i))) {
          budget.leave();
          return false;
        }
      }
      budget.leave();
      return true;
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  /** What is equal to itself only. */
  private record Same(Value value) {
    @Override
    @SuppressWarnings("ReferenceEquality") // the meaning of the record
    public boolean equals(Object other) {
      return other instanceof Same same && same.value == value;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(value);
    }
  }
}

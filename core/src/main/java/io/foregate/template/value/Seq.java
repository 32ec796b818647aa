package io.foregate.template.value;

import java.util.List;

/** A list or tuple. Nothing changes it once it is made. */
public record Seq(List<Value> items, Kind kind) implements Value {
  /** What Python would call it; a group is the named tuple that {@code groupby} makes. */
  public enum Kind {
    LIST,
    TUPLE,
    GROUP
  }

  /** A list of items that the caller no longer changes. */
  public static Seq list(List<Value> items, Budget budget) {
    budget.list(items.size());
    return new Seq(items, Kind.LIST);
  }

  /** A tuple of items that the caller no longer changes. */
  public static Seq tuple(List<Value> items, Budget budget) {
    budget.list(items.size());
    return new Seq(items, Kind.TUPLE);
  }

  public boolean isList() {
    return kind == Kind.LIST;
  }

  @Override
  public String typeName() {
    return switch (kind) {
      case LIST -> "list";
      case TUPLE -> "tuple";
      case GROUP -> "_GroupTuple";
    };
  }

  @Override
  public boolean truth() {
    return !items.isEmpty();
  }
}

package io.foregate.template.value;

import java.util.Iterator;

/**
 * Something that can be gone through once, such as what {@code map} returns. It is worked out as it
 * is read, so its mistakes show then. For one thread, as every rendering is.
 */
public record Cursor(Iterator<Value> rest, String typeName) implements Value {
  /** As Python's generators. */
  public static Cursor generator(Iterator<Value> rest) {
    return new Cursor(rest, "generator");
  }

  @Override
  public boolean truth() {
    return true;
  }
}

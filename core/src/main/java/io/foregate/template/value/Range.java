package io.foregate.template.value;

/** Python's {@code range}, of at most 100,000 numbers. */
public record Range(long start, long stop, long step, int size) implements Value {
  /** The number at a place within it. */
  public Int at(int index) {
    return Int.of(start + step * index);
  }

  @Override
  public String typeName() {
    return "range";
  }

  @Override
  public boolean truth() {
    return size > 0;
  }
}

package io.foregate.safetensors;

import java.util.List;

/**
 * A tensor as a header tells it.
 *
 * @param dtype the element type's name: {@code F32}, {@code BF16}, {@code U8} ..
 * @param shape outermost dimension first
 * @param begin its first byte, from the end of the header
 * @param end the byte behind its last
 */
public record TensorEntry(String dtype, List<Long> shape, long begin, long end) {
  public TensorEntry {
    shape = List.copyOf(shape);
  }

  /** Elements of all dimensions together. */
  public long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }
}

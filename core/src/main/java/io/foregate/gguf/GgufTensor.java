package io.foregate.gguf;

import java.util.List;

/**
 * One tensor's entry in a GGUF file.
 *
 * @param name unique within the file
 * @param type the type of its elements
 * @param shape 1 to 4 positive dimensions in ggml's order: {@code shape[0]} is the length of a row,
 *     contiguous in memory and a whole number of blocks; a matrix {@code [in, out]} has {@code out}
 *     rows
 * @param offset bytes from the file's {@link GgufFile#dataOffset()}
 */
public record GgufTensor(String name, GgmlType type, List<Long> shape, long offset) {
  /** More dimensions than this ggml does not have. */
  static final int MAX_RANK = 4;

  public GgufTensor {
    shape = List.copyOf(shape);
    if (shape.isEmpty() || shape.size() > MAX_RANK || shape.stream().anyMatch(n -> n <= 0)) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' has shape " + shape + ", expected 1 to 4 positive dimensions");
    }
    if (shape.getFirst() % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          "tensor '%s' has rows of %d elements, not a whole number of %s blocks of %d"
              .formatted(name, shape.getFirst(), type, type.blockSize()));
    }
    try {
      type.byteSize(product(shape));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' of shape " + shape + " is too large", e);
    }
    if (offset < 0) {
      throw new IllegalArgumentException("tensor '" + name + "' has the offset " + offset);
    }
  }

  /** The product of all dimensions. */
  public long elements() {
    return product(shape);
  }

  /** Bytes of the whole tensor, without padding. */
  public long byteSize() {
    return type.byteSize(elements());
  }

  /** Number of dimensions, 1 to 4. */
  public int rank() {
    return shape.size();
  }

  /** Dimension {@code i}, or 1 beyond the rank. */
  public long dim(int i) {
    return i < shape.size() ? shape.get(i) : 1;
  }

  private static long product(List<Long> shape) {
    long product = 1;
    for (long n : shape) {
      product = Math.multiplyExact(product, n);
    }
    return product;
  }
}

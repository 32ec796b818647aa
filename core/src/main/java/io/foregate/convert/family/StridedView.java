package io.foregate.convert.family;

import java.util.Arrays;

/**
 * The elements of a tensor in another order: dimension {@code i} has {@code dims[i]} steps of
 * {@code strides[i]} elements, outermost first, from element {@code offset} on. What a conversion
 * does to a matrix (permuting RoPE's rows, halving, transposing) is one such view; nothing is
 * copied before it is written.
 */
public record StridedView(long offset, long[] dims, long[] strides) {

  /** The tensor as it lies, row-major. */
  public static StridedView of(long... dims) {
    long[] strides = new long[dims.length];
    long stride = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= dims[i];
    }
    return new StridedView(0, dims, strides);
  }

  /** Makes one dimension two: {@code outer} steps of the rest. */
  StridedView split(int dim, long outer) {
    long inner = dims[dim] / outer;
    if (inner * outer != dims[dim]) {
      throw new IllegalArgumentException(dims[dim] + " is not divisible by " + outer);
    }
    return new StridedView(
        offset,
        insert(replaced(dims, dim, outer), dim + 1, inner),
        insert(replaced(strides, dim, inner * strides[dim]), dim + 1, strides[dim]));
  }

  /** Exchanges two dimensions. */
  StridedView swap(int a, int b) {
    return new StridedView(
        offset,
        replaced(replaced(dims, a, dims[b]), b, dims[a]),
        replaced(replaced(strides, a, strides[b]), b, strides[a]));
  }

  /** Takes {@code count} steps of a dimension, from {@code first} on, every {@code step}-th. */
  StridedView slice(int dim, long first, long count, long step) {
    return new StridedView(
        offset + first * strides[dim],
        replaced(dims, dim, count),
        replaced(strides, dim, step * strides[dim]));
  }

  public int rank() {
    return dims.length;
  }

  public long elements() {
    return Arrays.stream(dims).reduce(1, Math::multiplyExact);
  }

  /** Elements of the innermost dimension. */
  public long columns() {
    return dims[dims.length - 1];
  }

  /** Distance of a row's elements. */
  public long columnStride() {
    return strides[strides.length - 1];
  }

  /** Where a row begins; rows are counted through all dimensions but the innermost. */
  public long row(long index) {
    long at = offset;
    long rest = index;
    for (int i = dims.length - 2; i >= 0; i--) {
      at += rest % dims[i] * strides[i];
      rest /= dims[i];
    }
    return at;
  }

  /** Whether the elements lie one after the other. */
  public boolean isContiguous() {
    return Arrays.equals(strides, of(dims).strides);
  }

  private static long[] replaced(long[] values, int index, long value) {
    long[] copy = values.clone();
    copy[index] = value;
    return copy;
  }

  private static long[] insert(long[] values, int index, long value) {
    long[] copy = Arrays.copyOf(values, values.length + 1);
    System.arraycopy(values, index, copy, index + 1, values.length - index);
    copy[index] = value;
    return copy;
  }
}

package io.foregate.model.weights;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;

/**
 * A weight matrix: {@code rows} rows of {@code columns} elements, each row a whole number of ggml's
 * blocks. It computes {@code y[rows] = W x[columns]}.
 *
 * @param data exactly the matrix's bytes, read-only; alive as long as what it was read from
 * @param order of the blocks' bits in {@code data}
 */
public record Matrix(GgmlType type, int rows, int columns, MemorySegment data, Order order) {
  /** How bits are ordered. */
  public enum Order {
    /** Row after row, block after block, as in a file. */
    ROWS,

    /** In the planes of an {@link io.foregate.quant.format.PlaneShape}. */
    PLANES
  }

  /** One in ggml's blocks, row after row. */
  public Matrix(GgmlType type, int rows, int columns, MemorySegment data) {
    this(type, rows, columns, data, Order.ROWS);
  }

  /** Bytes of one row, as a file has it. */
  public long rowBytes() {
    return type.byteSize(columns);
  }

  /**
   * Some of its rows.
   *
   * @throws IllegalStateException if they do not lie one after the other
   */
  public Matrix slice(int from, int count) {
    if (order != Order.ROWS) {
      throw new IllegalStateException("rows in planes are no part of their own");
    }
    return new Matrix(type, count, columns, data.asSlice(from * rowBytes(), count * rowBytes()));
  }
}

package io.foregate.model.weights;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;

/**
 * A weight matrix in ggml blocks: {@code rows} rows of {@code columns} elements, row after row,
 * each row a whole number of blocks. It computes {@code y[rows] = W x[columns]}.
 *
 * @param data exactly the matrix's bytes, read-only; alive as long as the file that it was read
 *     from
 */
public record Matrix(GgmlType type, int rows, int columns, MemorySegment data) {

  /** Bytes of one row. */
  public long rowBytes() {
    return type.byteSize(columns);
  }

  /** Some of its rows. */
  public Matrix slice(int from, int count) {
    return new Matrix(type, count, columns, data.asSlice(from * rowBytes(), count * rowBytes()));
  }
}

package io.foregate.store.layout;

import io.foregate.gguf.GgmlType;
import io.foregate.model.weights.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * Gate, up and down one after the other, each as ggml's rows, as they lie in the file, each from a
 * multiple of {@value ExpertLayout#ALIGNMENT} bytes on; zeros in between.
 */
public final class RowLayout implements ExpertLayout {

  @Override
  public String id() {
    return "rows";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public long recordBytes(ExpertShape shape) {
    return downOffset(shape) + padded(shape, shape.down());
  }

  @Override
  public void pack(ExpertShape shape, ExpertWeights expert, MemorySegment record) {
    long end = put(expert.gate(), record, 0);
    end = put(expert.up(), record, end);
    put(expert.down(), record, end);
  }

  /** Returns where the next part begins. */
  private static long put(Matrix part, MemorySegment record, long offset) {
    long bytes = part.data().byteSize();
    MemorySegment.copy(part.data(), 0, record, offset, bytes);
    long next = offset + align(bytes);
    record.asSlice(offset + bytes, next - offset - bytes).fill((byte) 0);
    return next;
  }

  @Override
  public ExpertWeights view(ExpertShape shape, MemorySegment record) {
    int wide = shape.embedding();
    int hidden = shape.feedForward();
    return new ExpertWeights(
        matrix(shape.gate(), hidden, wide, record, 0),
        matrix(shape.up(), hidden, wide, record, upOffset(shape)),
        matrix(shape.down(), wide, hidden, record, downOffset(shape)));
  }

  private static Matrix matrix(
      GgmlType type, int rows, int columns, MemorySegment record, long offset) {
    long bytes = rows * type.byteSize(columns);
    return new Matrix(type, rows, columns, record.asSlice(offset, bytes).asReadOnly());
  }

  private static long upOffset(ExpertShape shape) {
    return padded(shape, shape.gate());
  }

  private static long downOffset(ExpertShape shape) {
    return upOffset(shape) + padded(shape, shape.up());
  }

  private static long padded(ExpertShape shape, GgmlType type) {
    return align(type.byteSize((long) shape.embedding() * shape.feedForward()));
  }

  private static long align(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }
}

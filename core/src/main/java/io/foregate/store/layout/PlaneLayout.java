package io.foregate.store.layout;

import io.foregate.gguf.GgmlType;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.format.PlanePacker;
import java.lang.foreign.MemorySegment;

/**
 * Gate, up and down one after the other, each in {@link io.foregate.quant.format.PlaneShape
 * planes}, as kernels of devices read them, each from a multiple of {@value ExpertLayout#ALIGNMENT}
 * bytes on; zeros in between.
 */
public final class PlaneLayout implements ExpertLayout {

  @Override
  public String id() {
    return "planes";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public boolean holds(GgmlType type, int columns) {
    return PlanePacker.holds(type, columns);
  }

  @Override
  public long recordBytes(ExpertShape shape) {
    return downOffset(shape) + align(down(shape).bytes());
  }

  @Override
  public void pack(ExpertShape shape, ExpertWeights expert, MemorySegment record) {
    record.asSlice(0, recordBytes(shape)).fill((byte) 0);
    gate(shape).pack(expert.gate().data(), record, 0);
    up(shape).pack(expert.up().data(), record, upOffset(shape));
    down(shape).pack(expert.down().data(), record, downOffset(shape));
  }

  @Override
  public ExpertWeights view(ExpertShape shape, MemorySegment record) {
    int wide = shape.embedding();
    int hidden = shape.feedForward();
    return new ExpertWeights(
        matrix(gate(shape), shape.gate(), hidden, wide, record, 0),
        matrix(up(shape), shape.up(), hidden, wide, record, upOffset(shape)),
        matrix(down(shape), shape.down(), wide, hidden, record, downOffset(shape)));
  }

  private static Matrix matrix(
      PlanePacker packer, GgmlType type, int rows, int columns, MemorySegment record, long at) {
    MemorySegment planes = record.asSlice(at, packer.bytes()).asReadOnly();
    return type == GgmlType.F16 // whose one plane is its rows
        ? new Matrix(type, rows, columns, planes)
        : new Matrix(type, rows, columns, planes, Matrix.Order.PLANES);
  }

  /** Where in a record the up matrix begins, in bytes. */
  public static long upOffset(ExpertShape shape) {
    return align(gate(shape).bytes());
  }

  /** Where in a record the down matrix begins, in bytes. */
  public static long downOffset(ExpertShape shape) {
    return upOffset(shape) + align(up(shape).bytes());
  }

  private static PlanePacker gate(ExpertShape shape) {
    return new PlanePacker(shape.gate(), shape.feedForward(), shape.embedding());
  }

  private static PlanePacker up(ExpertShape shape) {
    return new PlanePacker(shape.up(), shape.feedForward(), shape.embedding());
  }

  private static PlanePacker down(ExpertShape shape) {
    return new PlanePacker(shape.down(), shape.embedding(), shape.feedForward());
  }

  private static long align(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }
}

package io.foregate.tornado;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.model.Matrix;
import io.foregate.quant.Quants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Matrices of types that kernels do not read, as F16. Codebook types are products of a half and
 * small integers: rounding one moves it by one part in 2048 at most, much less than quantizing did.
 */
final class HalfMatrix {
  private static final ValueLayout.OfShort HALF =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private HalfMatrix() {}

  /** The type that kernels read a matrix in: its own where they can. */
  static GgmlType type(Matrix matrix) {
    return PlanePacker.holds(matrix.type(), matrix.columns()) ? matrix.type() : GgmlType.F16;
  }

  /**
   * The matrix itself where kernels read it, else its halves.
   *
   * @param arena for these
   * @throws ForegateException if a weight is beyond what F16 holds
   */
  static Matrix of(Matrix matrix, Arena arena) {
    if (type(matrix) == matrix.type()) {
      return matrix;
    }
    int columns = matrix.columns();
    long elements = (long) matrix.rows() * columns;
    MemorySegment halves = arena.allocate(GgmlType.F16.byteSize(elements), Integer.BYTES);
    float[] row = new float[columns];
    for (int r = 0; r < matrix.rows(); r++) {
      Quants.decode(matrix.type(), matrix.data(), r * matrix.rowBytes(), row, 0, columns);
      for (int i = 0; i < columns; i++) {
        halves.setAtIndex(HALF, (long) r * columns + i, half(row[i]));
      }
    }
    return new Matrix(GgmlType.F16, matrix.rows(), columns, halves);
  }

  private static short half(float weight) {
    short half = Float.floatToFloat16(weight);
    if (Float.isInfinite(Float.float16ToFloat(half))) {
      throw new ForegateException(
          "A feed-forward weight is %s, and TornadoVM's kernels read weights of its type as F16."
              .formatted(weight),
          "Requantize the model (foregate quantize), or choose --backend cpu.");
    }
    return half;
  }
}

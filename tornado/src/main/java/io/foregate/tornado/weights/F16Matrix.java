package io.foregate.tornado.weights;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.format.PlanePacker;
import io.foregate.quant.format.Quants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Matrices of types that kernels do not read, as F16. Codebook types are products of an f16 and
 * small integers: rounding one moves it by one part in 2048 at most, much less than quantizing did.
 */
final class F16Matrix {
  private static final ValueLayout.OfShort F16 =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private F16Matrix() {}

  /** The type that kernels read a matrix in: its own where they can. */
  static GgmlType type(Matrix matrix) {
    return PlanePacker.holds(matrix.type(), matrix.columns()) ? matrix.type() : GgmlType.F16;
  }

  /**
   * The matrix itself where kernels read it, else its weights as f16.
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
    MemorySegment f16 = arena.allocate(GgmlType.F16.byteSize(elements), Integer.BYTES);
    float[] row = new float[columns];
    for (int r = 0; r < matrix.rows(); r++) {
      Quants.decode(matrix.type(), matrix.data(), r * matrix.rowBytes(), row, 0, columns);
      for (int i = 0; i < columns; i++) {
        f16.setAtIndex(F16, (long) r * columns + i, f16(row[i]));
      }
    }
    return new Matrix(GgmlType.F16, matrix.rows(), columns, f16);
  }

  private static short f16(float weight) {
    short rounded = Float.floatToFloat16(weight);
    if (Float.isInfinite(Float.float16ToFloat(rounded))) {
      throw new ForegateException(
          "A feed-forward weight is %s, and TornadoVM's kernels read weights of its type as F16."
              .formatted(weight),
          "Requantize the model (foregate quantize), or choose [[backend=cpu]].");
    }
    return rounded;
  }
}

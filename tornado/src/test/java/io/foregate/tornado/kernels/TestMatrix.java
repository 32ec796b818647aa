package io.foregate.tornado.kernels;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Planes;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.encode.ReferenceQuantizer;
import io.foregate.quant.format.PlanePacker;
import io.foregate.quant.format.Quants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Random weights of one type, and what they decode to.
 *
 * @param decoded {@code [rows][columns]}
 */
public record TestMatrix(Matrix matrix, float[] decoded) {
  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  public static TestMatrix random(GgmlType type, int rows, int columns, Random random) {
    return random(type, rows, columns, 1, random);
  }

  /** The same with another standard deviation than 1. */
  public static TestMatrix random(
      GgmlType type, int rows, int columns, float scale, Random random) {
    float[] values = floats(rows * columns, random);
    for (int i = 0; i < values.length; i++) {
      values[i] *= scale;
    }
    return of(type, rows, columns, values);
  }

  /** The same of values, which are overwritten. */
  static TestMatrix of(GgmlType type, int rows, int columns, float[] values) {
    MemorySegment data = Arena.ofAuto().allocate(type.byteSize(values.length));
    ReferenceQuantizer.quantize(type, values, 0, data, 0, values.length);
    Quants.decode(type, data, 0, values, 0, values.length);
    return new TestMatrix(new Matrix(type, rows, columns, data), values);
  }

  /**
   * Of a codebook type that begins its blocks with their scale, and that nothing here quantizes to:
   * random blocks, of about that root mean square.
   */
  public static TestMatrix codebook(
      GgmlType type, int rows, int columns, float scale, Random random) {
    float[] values = new float[rows * columns];
    byte[] blocks = new byte[Math.toIntExact(type.byteSize(values.length))];
    random.nextBytes(blocks);
    MemorySegment data = Arena.ofAuto().allocate(blocks.length);
    MemorySegment.copy(blocks, 0, data, ValueLayout.JAVA_BYTE, 0, blocks.length);
    setScales(type, data, 1);
    Quants.decode(type, data, 0, values, 0, values.length);
    double squares = 0;
    for (float value : values) {
      squares += value * value;
    }
    setScales(type, data, (float) (scale / Math.sqrt(squares / values.length)));
    Quants.decode(type, data, 0, values, 0, values.length);
    return new TestMatrix(new Matrix(type, rows, columns, data), values);
  }

  private static void setScales(GgmlType type, MemorySegment data, float scale) {
    for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
      data.set(HALF, at, Float.floatToFloat16(scale));
    }
  }

  public static float[] floats(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  int rows() {
    return matrix.rows();
  }

  /** The type as kernels name it. */
  int kind() {
    return matrix.type().id();
  }

  /** Words of its planes. */
  int words() {
    return Planes.words(kind(), rows() * matrix.columns() / Planes.UNIT);
  }

  void pack(MemorySegment out, int word) {
    new PlanePacker(matrix.type(), rows(), matrix.columns()).pack(matrix.data(), out, 4L * word);
  }

  /** {@code W x} in double precision. */
  double[] times(double[] x) {
    double[] y = new double[rows()];
    for (int r = 0; r < rows(); r++) {
      for (int i = 0; i < matrix.columns(); i++) {
        y[r] += decoded[r * matrix.columns() + i] * x[i];
      }
    }
    return y;
  }

  public static double[] doubles(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  /** Root of the summed squares of differences, over that of what was expected. */
  public static double error(double[] expected, FloatArray found) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(expected[i] - found.get(i), 2);
      norm += expected[i] * expected[i];
    }
    return Errors.noted(Math.sqrt(difference / norm));
  }
}

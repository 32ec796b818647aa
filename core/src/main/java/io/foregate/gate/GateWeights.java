package io.foregate.gate;

import io.foregate.gguf.GgmlType;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.encode.ReferenceQuantizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The gate of one prediction point. For a normalized input {@code x} and the routing history {@code
 * h} (see {@link RoutingHistory}):
 *
 * <pre>
 * scores = linear x + bias + history^T h + output gelu(hidden x + hiddenBias)
 * </pre>
 *
 * @param first F16 {@code [outputs + hidden, embedding]}: {@code linear} above {@code hidden}
 * @param bias {@code [outputs]}, then the hidden layer's {@code [hidden]}
 * @param history {@code [layers * experts][outputs]}
 * @param output F16 {@code [outputs, hidden]}; {@code null} without a hidden layer
 * @param sharpness {@code [horizon]}: what scores at each distance are multiplied with before they
 *     become probabilities
 */
public record GateWeights(
    Matrix first, float[] bias, float[] history, Matrix output, float[] sharpness) {

  /** An F16 matrix of floats, rounded to nearest, in memory that lives as long as it is used. */
  public static Matrix f16(float[] values, int rows, int columns) {
    MemorySegment data = Arena.ofAuto().allocate(GgmlType.F16.byteSize((long) rows * columns), 64);
    ReferenceQuantizer.quantize(GgmlType.F16, values, 0, data, 0, rows * columns);
    return new Matrix(GgmlType.F16, rows, columns, data);
  }
}

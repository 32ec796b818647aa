package io.foregate.gate.train;

import io.foregate.gate.GateShape;
import io.foregate.gate.GateWeights;
import io.foregate.gate.LookaheadGates;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What is trained of one point's gate, in one array, matrices input-major so that a batch meets
 * them without transposing:
 *
 * <pre>
 * first [inputs][outputs + hidden], bias [outputs + hidden],
 * history [layers * experts][outputs], output [hidden][outputs]
 * </pre>
 */
public final class PointParameters {
  private final GateShape shape;
  private final int point;

  /** All of them. */
  final float[] values;

  private PointParameters(GateShape shape, int point) {
    this.shape = shape;
    this.point = point;
    this.values = new float[size(shape, point)];
  }

  static int size(GateShape shape, int point) {
    return Math.addExact(
        Math.multiplyExact(shape.inputs(point) + 1, shape.rows()),
        Math.multiplyExact(shape.history() + shape.hidden(), shape.outputs()));
  }

  /** Where the biases begin. */
  static int bias(GateShape shape, int point) {
    return shape.inputs(point) * shape.rows();
  }

  /** Where the history's matrix begins. */
  static int history(GateShape shape, int point) {
    return bias(shape, point) + shape.rows();
  }

  /** Where the output matrix begins. */
  static int output(GateShape shape, int point) {
    return history(shape, point) + shape.history() * shape.outputs();
  }

  /**
   * Plug and play: the routers, an empty history, and a hidden layer that says nothing yet.
   *
   * @param routers {@link LookaheadGates#routers}
   */
  static PointParameters initial(GateShape shape, int point, float[][] routers, long seed) {
    var parameters = new PointParameters(shape, point);
    float[] linear = LookaheadGates.linear(shape, point, routers);
    var random = new SplittableRandom(seed + point);
    int width = shape.inputs(point);
    double deviation = 1 / Math.sqrt(width);
    for (int i = 0; i < width; i++) {
      int row = i * shape.rows();
      for (int o = 0; o < shape.outputs(); o++) {
        parameters.values[row + o] = linear[o * width + i];
      }
      for (int h = shape.outputs(); h < shape.rows(); h++) {
        parameters.values[row + h] = (float) (random.nextGaussian() * deviation);
      }
    }
    return parameters;
  }

  /** The gate, with one sharpness per distance. */
  GateWeights weights(float[] sharpness) {
    float[] first = transposed(values, 0, shape.inputs(point), shape.rows());
    int history = history(shape, point);
    int output = output(shape, point);
    return new GateWeights(
        GateWeights.f16(first, shape.rows(), shape.inputs(point)),
        Arrays.copyOfRange(values, bias(shape, point), history),
        Arrays.copyOfRange(values, history, output),
        shape.hidden() == 0
            ? null
            : GateWeights.f16(
                transposed(values, output, shape.hidden(), shape.outputs()),
                shape.outputs(),
                shape.hidden()),
        sharpness.clone());
  }

  /** The transpose of the {@code [rows][columns]} at {@code from}. */
  static float[] transposed(float[] matrix, int from, int rows, int columns) {
    var result = new float[rows * columns];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        result[c * rows + r] = matrix[from + r * columns + c];
      }
    }
    return result;
  }
}

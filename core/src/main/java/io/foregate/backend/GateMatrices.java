package io.foregate.backend;

import io.foregate.model.weights.Matrix;
import java.util.List;

/**
 * The matrices of a model's lookahead gates, for backends that score experts beside the router. For
 * {@code x}, the normalized residual that {@link Sequence#gateInput} tells,
 *
 * <pre>
 * scores = linear x + bias + output gelu(hidden x + hiddenBias)      gelu(y) = y / (1 + exp(-1.702 y))
 * </pre>
 *
 * @param horizon layers that they look ahead
 * @param outputs scores of a gate, {@code horizon * experts}
 * @param hidden width of the hidden layer; 0 without
 * @param points the gate of the token itself, which reads its normalized embedding, then that of
 *     each layer with experts
 */
public record GateMatrices(int horizon, int outputs, int hidden, List<Point> points) {
  public GateMatrices {
    points = List.copyOf(points);
  }

  /**
   * One gate.
   *
   * @param first F16 {@code [outputs + hidden, inputs]}: {@code linear} above {@code hidden}; the
   *     first {@code horizon} gates read {@code 2 * embedding} inputs, {@code x} and behind it what
   *     the last layer's was of the token before, zeros if there was none; the others read {@code
   *     x}
   * @param bias {@code [outputs]}, then the hidden layer's
   * @param output F16 {@code [outputs, hidden]}; {@code null} without a hidden layer
   */
  public record Point(Matrix first, float[] bias, Matrix output) {}
}

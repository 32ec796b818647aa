package io.foregate.gate;

import io.foregate.model.ModelConfig;

/**
 * Sizes of a model's lookahead gates.
 *
 * <p>There is a gate at each of {@link #points} prediction points: point 0 is the token itself,
 * before layer 0, and point {@code p} is layer {@code p - 1}. At distance {@code j} = 1 .. horizon
 * point {@code p} speaks of layer {@code (p - 1 + j) % layers}.
 *
 * @param layers of the model
 * @param experts of a layer
 * @param used experts per token (top-k)
 * @param embedding width of the residual stream
 * @param horizon layers looked ahead (K), less than {@code layers}
 * @param hidden width of the gates' hidden layer; 0 for linear gates
 */
public record GateShape(int layers, int experts, int used, int embedding, int horizon, int hidden) {
  public GateShape {
    if (layers < 2 || experts < 1 || used < 1 || used > experts || embedding < 1) {
      throw new IllegalArgumentException(
          "no gates for %d layers, %d of %d experts, width %d"
              .formatted(layers, used, experts, embedding));
    }
    if (horizon < 1 || horizon >= layers || hidden < 0) {
      throw new IllegalArgumentException(
          "horizon %d of %d layers, hidden width %d".formatted(horizon, layers, hidden));
    }
  }

  /** The gates' sizes for a model with experts. */
  public static GateShape of(ModelConfig config, int horizon, int hidden) {
    return new GateShape(
        config.routedLayers(),
        config.experts(),
        config.expertsUsed(),
        config.embedding(),
        horizon,
        hidden);
  }

  /** Places from which is predicted: the token, and every layer. */
  public int points() {
    return layers + 1;
  }

  /**
   * Width of what a point's gate reads: the residual and, at the first points, which have seen
   * little of the token yet, behind it the last layer's residual of the token before. (Of the demo
   * model that wins 1 to 3 points of recall at layer 0, 1 at layer 3, and none at layer 7.)
   */
  public int inputs(int point) {
    return point < horizon ? 2 * embedding : embedding;
  }

  /** Scores of one point, {@code [horizon][experts]}. */
  public int outputs() {
    return horizon * experts;
  }

  /** Rows of a point's first matrix: its scores, and its hidden layer. */
  public int rows() {
    return outputs() + hidden;
  }

  /** Elements of the routing history, {@code [layers][experts]}. */
  public int history() {
    return layers * experts;
  }

  /** The layer of which {@code point} speaks at distance {@code j} (from 1). */
  public int target(int point, int j) {
    return (point - 1 + j) % layers;
  }

  /** Whether that layer is one of the next token. */
  public boolean crosses(int point, int j) {
    return point - 1 + j >= layers;
  }
}

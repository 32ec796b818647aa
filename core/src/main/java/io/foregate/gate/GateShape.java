package io.foregate.gate;

import io.foregate.error.ForegateException;
import io.foregate.gate.train.PointParameters;
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
  /** What the virtual machine allows an array to have. */
  private static final long MAX_ELEMENTS = Integer.MAX_VALUE - 8;

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

  /**
   * The gates' sizes for a model with experts.
   *
   * @throws ForegateException if no array could hold the weights of a point: whatever is made of
   *     the shape may multiply without a thought
   */
  public static GateShape of(ModelConfig config, int horizon, int hidden) {
    GateShape shape =
        new GateShape(
            config.routedLayers(),
            config.experts(),
            config.expertsUsed(),
            config.embedding(),
            horizon,
            hidden);
    long weights = shape.weights();
    if (weights > MAX_ELEMENTS) {
      throw new ForegateException(
          ("Gates that look %d of %d layers ahead, for %d experts each, with a hidden layer of %d,"
                  + " have %,d weights at a point, and at most %,d can be.")
              .formatted(horizon, shape.layers, shape.experts, hidden, weights, MAX_ELEMENTS),
          "Look fewer layers ahead, or take a narrower hidden layer.");
    }
    return shape;
  }

  /** What is trained of the widest point: {@link PointParameters}. */
  private long weights() {
    // As doubles, which no product overflows and which are exact far beyond the limit.
    double outputs = (double) horizon * experts;
    double first = (2.0 * embedding + 1) * (outputs + hidden);
    double others = ((double) layers * experts + hidden) * outputs;
    return (long) (first + others);
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

package io.foregate.gate;

import io.foregate.backend.GateMatrices;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.quant.format.Quants;
import java.util.ArrayList;
import java.util.List;

/**
 * Lookahead gates of a model (Ou et al., doi 10.1016/j.csi.2025.103996; the form of the gates is
 * our own): at every layer, and when a token becomes known, they score the experts of the next
 * layers. Immutable and thread-safe; {@link #predictor} makes what a sequence uses.
 *
 * <p>Plug and play: {@link #untrained} makes them from the model's own routers. A router reads
 * {@code x * norm} for the normalized residual {@code x} of its layer; the residual changes slowly
 * from layer to layer, so {@code router * diag(norm)} of a later layer already tells much when it
 * reads the residual of an earlier one.
 */
public final class LookaheadGates {
  /** Layers that gates look ahead, where a model has as many. */
  public static final int DEFAULT_HORIZON = 8;

  /** Width of their hidden layer. */
  public static final int DEFAULT_HIDDEN = 256;

  /**
   * Scores become less certain with the distance. Fitted to the demo model's text, this divided by
   * 1, 2, 3 and 4 is near the likeliest sharpness of its untrained gates.
   */
  private static final float UNTRAINED_SHARPNESS = 8;

  private final GateShape shape;
  private final List<GateWeights> points;
  private final boolean aligned;

  public LookaheadGates(GateShape shape, List<GateWeights> points, boolean aligned) {
    this.shape = shape;
    this.points = List.copyOf(points);
    this.aligned = aligned;
  }

  /** Layers looked ahead in a model unless told otherwise: as many as it has, at most. */
  public static int defaultHorizon(ModelConfig config) {
    return Math.clamp(config.routedLayers() - 1, 1, DEFAULT_HORIZON);
  }

  /**
   * Gates made of the model's routers. What is said of a token's layers before its layer 0, of
   * which routers know little (the demo model's know less of the embedding than counting does),
   * their predictors take from the {@link FrequencyPredictor} of experts.
   *
   * @param horizon layers to look ahead
   * @throws IllegalArgumentException if the model has no experts, or too few layers
   */
  public static LookaheadGates untrained(ModelConfig config, ModelWeights weights, int horizon) {
    GateShape shape = GateShape.of(config, horizon, 0);
    float[][] routers = routers(config, weights);
    List<GateWeights> points = new ArrayList<>();
    for (int point = 0; point < shape.points(); point++) {
      var sharpness = new float[horizon];
      for (int j = 1; j <= horizon; j++) {
        sharpness[j - 1] = UNTRAINED_SHARPNESS / j;
      }
      points.add(
          new GateWeights(
              GateWeights.f16(linear(shape, point, routers), shape.outputs(), shape.inputs(point)),
              new float[shape.outputs()],
              new float[0],
              null,
              sharpness));
    }
    return new LookaheadGates(shape, points, false);
  }

  /** {@code router * diag(norm)} of every layer with experts, {@code [experts, embedding]}. */
  public static float[][] routers(ModelConfig config, ModelWeights weights) {
    int width = config.embedding();
    var routers = new float[config.routedLayers()][config.experts() * width];
    for (int layer = 0; layer < routers.length; layer++) {
      LayerWeights w = weights.layers().get(config.moe().leadingDense() + layer);
      Matrix router = ((FeedForward.Routed) w.feedForward()).router().weight();
      for (int e = 0; e < config.experts(); e++) {
        Quants.decode(
            router.type(), router.data(), e * router.rowBytes(), routers[layer], e * width, width);
        for (int i = 0; i < width; i++) {
          routers[layer][e * width + i] *= w.feedForwardNorm().weight()[i];
        }
      }
    }
    return routers;
  }

  /**
   * A point's first scores, {@code [outputs, inputs]}; zero where they cross to a next token, and
   * of inputs other than the residual.
   */
  public static float[] linear(GateShape shape, int point, float[][] routers) {
    int width = shape.embedding();
    int inputs = shape.inputs(point);
    var linear = new float[shape.outputs() * inputs];
    for (int o = 0; o < shape.outputs(); o++) {
      int j = 1 + o / shape.experts();
      if (!shape.crosses(point, j)) {
        int row = o % shape.experts() * width;
        System.arraycopy(routers[shape.target(point, j)], row, linear, o * inputs, width);
      }
    }
    return linear;
  }

  /** Their sizes. */
  public GateShape shape() {
    return shape;
  }

  /** Whether they were trained. */
  public boolean aligned() {
    return aligned;
  }

  /** The gate of a prediction point. */
  public GateWeights point(int point) {
    return points.get(point);
  }

  /** What of them a device can compute. */
  public GateMatrices matrices() {
    return new GateMatrices(
        shape.horizon(),
        shape.outputs(),
        shape.hidden(),
        points.stream().map(w -> new GateMatrices.Point(w.first(), w.bias(), w.output())).toList());
  }

  /** Bytes of the weights in memory. */
  public long bytes() {
    long bytes = 0;
    for (GateWeights w : points) {
      bytes += w.first().data().byteSize() + Float.BYTES * (long) w.history().length;
      bytes += w.output() == null ? 0 : w.output().data().byteSize();
    }
    return bytes;
  }

  /**
   * A predictor for one sequence.
   *
   * @param weights of the model, for its token embeddings
   */
  public ExpertPredictor predictor(ModelConfig config, ModelWeights weights) {
    return new LookaheadPredictor(this, weights.embedding(), config.normEpsilon());
  }
}

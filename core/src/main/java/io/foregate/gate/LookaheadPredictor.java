package io.foregate.gate;

import io.foregate.gguf.GgmlType;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.vector.ActivationRows;
import io.foregate.quant.vector.Scratch;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.quant.vector.VectorProvider;
import java.util.Arrays;

/** {@link LookaheadGates} at work on one sequence. */
final class LookaheadPredictor implements ExpertPredictor {
  private final LookaheadGates gates;
  private final GateShape shape;
  private final TokenInput tokenInput;
  private final RoutingHistory history;

  /** Says what untrained gates cannot: a token's first layers, before layer 0 has been seen. */
  private final FrequencyPredictor frequency;

  private final VectorKernels kernels = VectorProvider.get().kernels();
  private final Scratch scratch = new Scratch();
  private final ActivationRows narrowInput;
  private final ActivationRows wideInput;
  private final ActivationRows hiddenInput;

  /** What a gate reads: the residual, and behind it the last layer's of the token before. */
  private final float[] x;

  private final float[] scores;
  private final float[] fromHidden;
  private final float[] sigmoid;

  LookaheadPredictor(LookaheadGates gates, Matrix embedding, float normEpsilon) {
    this.gates = gates;
    this.shape = gates.shape();
    this.tokenInput = new TokenInput(embedding, normEpsilon);
    this.history = new RoutingHistory(shape);
    this.frequency =
        new FrequencyPredictor(shape.layers(), shape.experts(), shape.used(), shape.horizon());
    this.narrowInput = new ActivationRows(kernels, GgmlType.F16, 1, shape.embedding());
    this.wideInput = new ActivationRows(kernels, GgmlType.F16, 1, 2 * shape.embedding());
    this.hiddenInput = new ActivationRows(kernels, GgmlType.F16, 1, Math.max(1, shape.hidden()));
    this.x = new float[2 * shape.embedding()];
    this.scores = new float[shape.rows()];
    this.fromHidden = new float[shape.outputs()];
    this.sigmoid = new float[shape.hidden()];
  }

  @Override
  public int horizon() {
    return shape.horizon();
  }

  @Override
  public void predictToken(int id, float[] probabilities) {
    tokenInput.read(id, x);
    predictAt(0, probabilities);
  }

  @Override
  public void predict(int layer, float[] gateInput, float[] probabilities) {
    System.arraycopy(gateInput, 0, x, 0, shape.embedding());
    predictAt(layer + 1, probabilities);
    keep(layer, gateInput);
  }

  @Override
  public void predictScored(int layer, float[] given, float[] gateInput, float[] probabilities) {
    toProbabilities(layer + 1, given, probabilities);
    keep(layer, gateInput);
  }

  /** Of a token, the next one's first gates read the last layer's residual. */
  private void keep(int layer, float[] gateInput) {
    if (layer == shape.layers() - 1) {
      System.arraycopy(gateInput, 0, x, shape.embedding(), shape.embedding());
    }
  }

  private void predictAt(int point, float[] probabilities) {
    GateWeights w = gates.point(point);
    int inputs = shape.inputs(point);
    ActivationRows input = inputs == shape.embedding() ? narrowInput : wideInput;
    input.set(x, 0, inputs, 0);
    score(w, input);
    toProbabilities(point, scores, probabilities);
  }

  /**
   * Adds the routing history.
   *
   * @param from scores without it, at 0 ..
   */
  private void toProbabilities(int point, float[] from, float[] probabilities) {
    GateWeights w = gates.point(point);
    if (w.history().length > 0) {
      addHistory(w.history(), from);
    }
    System.arraycopy(from, 0, probabilities, 0, shape.outputs());
    for (int j = 1; j <= shape.horizon(); j++) {
      int at = (j - 1) * shape.experts();
      if (!gates.aligned() && (point == 0 || shape.crosses(point, j))) {
        frequency.of(shape.target(point, j), probabilities, at);
      } else {
        TopK.probabilities(probabilities, at, shape.experts(), shape.used(), w.sharpness()[j - 1]);
      }
    }
  }

  /**
   * Writes the scores without the routing history to {@link #scores}, before the hidden layer's
   * values.
   */
  private void score(GateWeights w, ActivationRows input) {
    multiply(w.first(), input, scores);
    kernels.axpy(1, w.bias(), 0, scores, 0, w.bias().length);
    if (w.output() != null) {
      Gelu.apply(kernels, scores, shape.outputs(), sigmoid, shape.hidden());
      hiddenInput.set(scores, shape.outputs(), shape.hidden(), 0);
      multiply(w.output(), hiddenInput, fromHidden);
      kernels.axpy(1, fromHidden, 0, scores, 0, shape.outputs());
    }
  }

  private void addHistory(float[] weights, float[] to) {
    for (int pick = 0; pick < history.picks(); pick++) {
      int element = history.element(pick);
      if (element >= 0) {
        int row = element * shape.outputs();
        kernels.axpy(history.valueOf(pick), weights, row, to, 0, shape.outputs());
      }
    }
  }

  private void multiply(Matrix m, ActivationRows input, float[] out) {
    kernels.matVec(m.type(), m.data(), 0, m.columns(), 0, m.rows(), input, 0, out, 0, scratch);
  }

  @Override
  public void observe(int layer, int[] ids, int from, int count) {
    history.set(layer, ids, from, count);
    frequency.observe(layer, ids, from, count);
  }

  @Override
  public void reset() {
    history.reset();
    frequency.reset();
    Arrays.fill(x, 0);
  }
}

package io.foregate.gate;

import io.foregate.gguf.GgmlType;
import io.foregate.model.Matrix;
import io.foregate.quant.Activation;
import io.foregate.quant.Quants;
import io.foregate.quant.Scratch;
import io.foregate.quant.VectorKernels;
import io.foregate.quant.VectorProvider;

/** {@link LookaheadGates} at work on one sequence. */
final class LookaheadPredictor implements ExpertPredictor {
  private final LookaheadGates gates;
  private final GateShape shape;
  private final TokenInput tokenInput;
  private final RoutingHistory history;

  /** Says what untrained gates cannot: a token's first layers, before layer 0 has been seen. */
  private final Frequency frequency;

  private final VectorKernels kernels = VectorProvider.get().kernels();
  private final Scratch scratch = new Scratch();
  private final Activation input;
  private final Activation hiddenInput;
  private final float[] token;
  private final float[] scores;
  private final float[] fromHidden;

  LookaheadPredictor(LookaheadGates gates, Matrix embedding, float normEpsilon) {
    this.gates = gates;
    this.shape = gates.shape();
    this.tokenInput = new TokenInput(embedding, normEpsilon);
    this.history = new RoutingHistory(shape);
    this.frequency = new Frequency(shape.layers(), shape.experts(), shape.used(), shape.horizon());
    this.input = new Activation(kernels, 1, shape.embedding());
    this.hiddenInput = new Activation(kernels, 1, Math.max(1, shape.hidden()));
    this.token = new float[shape.embedding()];
    this.scores = new float[shape.rows()];
    this.fromHidden = new float[shape.outputs()];
  }

  @Override
  public int horizon() {
    return shape.horizon();
  }

  @Override
  public void predictToken(int id, float[] probabilities) {
    tokenInput.read(id, token);
    predictAt(0, token, probabilities);
  }

  @Override
  public void predict(int layer, float[] gateInput, float[] probabilities) {
    predictAt(layer + 1, gateInput, probabilities);
  }

  private void predictAt(int point, float[] x, float[] probabilities) {
    GateWeights w = gates.point(point);
    score(w, x);
    System.arraycopy(scores, 0, probabilities, 0, shape.outputs());
    for (int j = 1; j <= shape.horizon(); j++) {
      int at = (j - 1) * shape.experts();
      if (!gates.aligned() && (point == 0 || shape.crosses(point, j))) {
        frequency.of(shape.target(point, j), probabilities, at);
      } else {
        TopK.probabilities(probabilities, at, shape.experts(), shape.used(), w.sharpness()[j - 1]);
      }
    }
  }

  /** Writes the scores to {@link #scores}, before the hidden layer's values. */
  private void score(GateWeights w, float[] x) {
    input.set(Quants.dotType(GgmlType.F16), x, 0, shape.embedding(), 0);
    multiply(w.first(), input, scores);
    kernels.axpy(1, w.bias(), 0, scores, 0, w.bias().length);
    if (w.output() != null) {
      for (int i = shape.outputs(); i < shape.rows(); i++) {
        scores[i] = Gelu.of(scores[i]);
      }
      hiddenInput.set(Quants.dotType(GgmlType.F16), scores, shape.outputs(), shape.hidden(), 0);
      multiply(w.output(), hiddenInput, fromHidden);
      kernels.axpy(1, fromHidden, 0, scores, 0, shape.outputs());
    }
    if (w.history().length > 0) {
      addHistory(w.history());
    }
  }

  private void addHistory(float[] weights) {
    for (int pick = 0; pick < history.picks(); pick++) {
      int element = history.element(pick);
      if (element >= 0) {
        int row = element * shape.outputs();
        kernels.axpy(history.valueOf(pick), weights, row, scores, 0, shape.outputs());
      }
    }
  }

  private void multiply(Matrix m, Activation x, float[] out) {
    kernels.matVec(m.type(), m.data(), 0, m.columns(), 0, m.rows(), x, 0, out, 0, scratch);
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
  }
}

package io.foregate.gate;

import io.foregate.quant.VectorKernels;
import java.util.Arrays;

/**
 * Forward and backward pass of one point's gate over {@value #ROWS} tokens at a time, in floats.
 * Reusable; one thread at a time.
 */
final class PointModel {
  /** Tokens of a pass: what keeps all matrices within a second-level cache. */
  static final int ROWS = 256;

  private final GateShape shape;
  private final int point;
  private final VectorKernels kernels;
  private final GateLoss loss;
  private final float[] input;
  private final float[] inputTransposed;

  /** Scores, then the hidden layer before its activation. */
  private final float[] first;

  private final float[] hidden;
  private final float[] hiddenTransposed;
  private final float[] scores;
  private final float[] scoreGradient;
  private final float[] firstGradient;
  private final float[] hiddenGradient;

  PointModel(GateShape shape, int point, VectorKernels kernels, GateLoss loss) {
    this.shape = shape;
    this.point = point;
    this.kernels = kernels;
    this.loss = loss;
    this.input = new float[ROWS * shape.embedding()];
    this.inputTransposed = new float[ROWS * shape.embedding()];
    this.first = new float[ROWS * shape.rows()];
    this.hidden = new float[ROWS * shape.hidden()];
    this.hiddenTransposed = new float[ROWS * shape.hidden()];
    this.scores = new float[ROWS * shape.outputs()];
    this.scoreGradient = new float[ROWS * shape.outputs()];
    this.firstGradient = new float[ROWS * shape.rows()];
    this.hiddenGradient = new float[ROWS * shape.hidden()];
  }

  /** Scores of the tokens of the last {@link #forward}, {@code [ROWS][outputs]}. */
  float[] scores() {
    return scores;
  }

  /** Computes the scores of tokens {@code [from, from + n)}. */
  void forward(float[] w, GateSamples samples, int from, int n) {
    for (int t = 0; t < n; t++) {
      samples.input(point, from + t, input, t * shape.embedding());
    }
    int rows = shape.rows();
    int outputs = shape.outputs();
    int width = shape.embedding();
    kernels.gemm(input, 0, width, w, 0, rows, first, 0, rows, n, rows, width, false);
    for (int t = 0; t < n; t++) {
      kernels.axpy(1, w, PointParameters.bias(shape), first, t * rows, rows);
      System.arraycopy(first, t * rows, scores, t * outputs, outputs);
      for (int h = 0; h < shape.hidden(); h++) {
        hidden[t * shape.hidden() + h] = Gelu.of(first[t * rows + outputs + h]);
      }
    }
    if (shape.hidden() > 0) {
      int h = shape.hidden();
      int at = PointParameters.output(shape);
      kernels.gemm(hidden, 0, h, w, at, outputs, scores, 0, outputs, n, outputs, h, true);
    }
    int history = PointParameters.history(shape);
    for (int t = 0; t < n; t++) {
      for (int pick = 0; pick < shape.layers() * shape.used(); pick++) {
        int element = historyElement(samples, from + t, pick);
        if (element >= 0) {
          float value = RoutingHistory.value(pick % shape.used());
          kernels.axpy(value, w, history + element * outputs, scores, t * outputs, outputs);
        }
      }
    }
  }

  /** The element of {@link RoutingHistory} that a pick sets, or -1 at a sequence's beginning. */
  private int historyElement(GateSamples samples, int token, int pick) {
    int layer = pick / shape.used();
    int seenAt = layer < point ? token : token - 1;
    if (seenAt < 0) {
      return -1;
    }
    return layer * shape.experts()
        + samples.ids()[samples.idsAt(seenAt, layer) + pick % shape.used()];
  }

  /**
   * Adds the derivatives of the mean loss over {@code count} tokens to {@code gradient}, for the
   * tokens of the last {@link #forward}.
   *
   * @return the sum of the losses, over {@code count}
   */
  double backward(float[] w, GateSamples samples, int from, int n, int count, float[] gradient) {
    double sum = scoreGradients(samples, from, n, 1f / (count * shape.horizon()));
    int outputs = shape.outputs();
    int rows = shape.rows();
    int width = shape.embedding();
    backwardHidden(w, n, gradient);
    for (int t = 0; t < n; t++) {
      System.arraycopy(scoreGradient, t * outputs, firstGradient, t * rows, outputs);
      for (int h = 0; h < shape.hidden(); h++) {
        firstGradient[t * rows + outputs + h] =
            hiddenGradient[t * shape.hidden() + h] * Gelu.derivative(first[t * rows + outputs + h]);
      }
      kernels.axpy(1, firstGradient, t * rows, gradient, PointParameters.bias(shape), rows);
    }
    transpose(input, n, width, inputTransposed);
    kernels.gemm(
        inputTransposed, 0, n, firstGradient, 0, rows, gradient, 0, rows, width, rows, n, true);
    backwardHistory(samples, from, n, gradient);
    return sum;
  }

  private void backwardHidden(float[] w, int n, float[] gradient) {
    int h = shape.hidden();
    if (h == 0) {
      return;
    }
    int outputs = shape.outputs();
    int at = PointParameters.output(shape);
    transpose(hidden, n, h, hiddenTransposed);
    kernels.gemm(
        hiddenTransposed,
        0,
        n,
        scoreGradient,
        0,
        outputs,
        gradient,
        at,
        outputs,
        h,
        outputs,
        n,
        true);
    float[] output = PointParameters.transposed(w, at, h, outputs);
    kernels.gemm(
        scoreGradient, 0, outputs, output, 0, h, hiddenGradient, 0, h, n, h, outputs, false);
  }

  private void backwardHistory(GateSamples samples, int from, int n, float[] gradient) {
    int outputs = shape.outputs();
    int history = PointParameters.history(shape);
    for (int t = 0; t < n; t++) {
      for (int pick = 0; pick < shape.layers() * shape.used(); pick++) {
        int element = historyElement(samples, from + t, pick);
        if (element >= 0) {
          float value = RoutingHistory.value(pick % shape.used());
          int row = history + element * outputs;
          kernels.axpy(value, scoreGradient, t * outputs, gradient, row, outputs);
        }
      }
    }
  }

  private double scoreGradients(GateSamples samples, int from, int n, float scale) {
    Arrays.fill(scoreGradient, 0, n * shape.outputs(), 0);
    double sum = 0;
    for (int t = 0; t < n; t++) {
      for (int j = 1; j <= shape.horizon(); j++) {
        int token = from + t + (shape.crosses(point, j) ? 1 : 0);
        if (token < samples.tokens()) {
          int layer = shape.target(point, j);
          sum +=
              loss.of(
                  scores,
                  t * shape.outputs() + (j - 1) * shape.experts(),
                  shape.experts(),
                  samples.logits(),
                  samples.logitsAt(token, layer),
                  samples.ids(),
                  samples.idsAt(token, layer),
                  shape.used(),
                  scoreGradient);
        }
      }
    }
    kernels.scale(scoreGradient, 0, n * shape.outputs(), scale);
    return sum * scale;
  }

  private static void transpose(float[] from, int rows, int columns, float[] to) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        to[c * rows + r] = from[r * columns + c];
      }
    }
  }
}

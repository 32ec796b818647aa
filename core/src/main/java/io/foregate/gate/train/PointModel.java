package io.foregate.gate.train;

import io.foregate.gate.GateShape;
import io.foregate.gate.Gelu;
import io.foregate.gate.RoutingHistory;
import io.foregate.quant.vector.VectorKernels;
import java.util.Arrays;

/**
 * Forward and backward pass of one point's gate over {@value #ROWS} tokens at a time, in floats.
 * Reusable; one thread at a time.
 */
final class PointModel {
  /** Tokens of a pass: what keeps all matrices within a second-level cache. */
  static final int ROWS = 128;

  /** Columns transposed at once: as many lines as a first-level cache keeps at a stride. */
  private static final int TRANSPOSED = 16;

  private final GateShape shape;
  private final int point;
  private final int inputs;
  private final VectorKernels kernels;
  private final GateLoss loss;
  private final float[] input;

  /** Any of the matrices of a token per row, with a token per column. */
  private final float[] turned;

  private final float[] beforeHidden;
  private final float[] hidden;
  private final float[] slope;
  private final float[] scores;
  private final float[] scoreGradient;
  private final float[] hiddenGradient;

  PointModel(GateShape shape, int point, VectorKernels kernels, GateLoss loss) {
    this.shape = shape;
    this.point = point;
    this.inputs = shape.inputs(point);
    this.kernels = kernels;
    this.loss = loss;
    this.input = new float[ROWS * inputs];
    this.turned = new float[ROWS * Math.max(inputs, shape.hidden())];
    this.beforeHidden = new float[ROWS * shape.hidden()];
    this.hidden = new float[ROWS * shape.hidden()];
    this.slope = new float[ROWS * shape.hidden()];
    this.scores = new float[ROWS * shape.outputs()];
    this.scoreGradient = new float[ROWS * shape.outputs()];
    this.hiddenGradient = new float[ROWS * shape.hidden()];
  }

  /** Scores of the tokens of the last {@link #forward}, {@code [ROWS][outputs]}. */
  float[] scores() {
    return scores;
  }

  /** Computes the scores of tokens {@code [from, from + n)}. */
  void forward(float[] w, GateSamples samples, int from, int n) {
    int rows = shape.rows();
    int outputs = shape.outputs();
    int h = shape.hidden();
    int bias = PointParameters.bias(shape, point);
    for (int t = 0; t < n; t++) {
      samples.input(point, from + t, input, t * inputs);
      System.arraycopy(w, bias, scores, t * outputs, outputs);
      System.arraycopy(w, bias + outputs, beforeHidden, t * h, h);
    }
    kernels.gemm(input, 0, inputs, w, 0, rows, scores, 0, outputs, n, outputs, inputs, true);
    if (h > 0) {
      kernels.gemm(input, 0, inputs, w, outputs, rows, beforeHidden, 0, h, n, h, inputs, true);
      Gelu.apply(kernels, beforeHidden, hidden, slope, n * h);
      int at = PointParameters.output(shape, point);
      kernels.gemm(hidden, 0, h, w, at, outputs, scores, 0, outputs, n, outputs, h, true);
    }
    int history = PointParameters.history(shape, point);
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
   * tokens of the last {@link #forward}, whose scores it changes.
   *
   * @return the sum of the losses, over {@code count}
   */
  double backward(float[] w, GateSamples samples, int from, int n, int count, float[] gradient) {
    double sum = scoreGradients(samples, from, n, 1f / (count * shape.horizon()));
    int outputs = shape.outputs();
    int rows = shape.rows();
    int h = shape.hidden();
    backwardHidden(w, n, gradient);
    int bias = PointParameters.bias(shape, point);
    for (int t = 0; t < n; t++) {
      kernels.axpy(1, scoreGradient, t * outputs, gradient, bias, outputs);
      kernels.axpy(1, hiddenGradient, t * h, gradient, bias + outputs, h);
    }
    transpose(input, n, inputs);
    kernels.gemm(
        turned, 0, n, scoreGradient, 0, outputs, gradient, 0, rows, inputs, outputs, n, true);
    kernels.gemm(turned, 0, n, hiddenGradient, 0, h, gradient, outputs, rows, inputs, h, n, true);
    backwardHistory(samples, from, n, gradient);
    return sum;
  }

  private void backwardHidden(float[] w, int n, float[] gradient) {
    int h = shape.hidden();
    if (h == 0) {
      return;
    }
    int outputs = shape.outputs();
    int at = PointParameters.output(shape, point);
    transpose(hidden, n, h);
    kernels.gemm(
        turned, 0, n, scoreGradient, 0, outputs, gradient, at, outputs, h, outputs, n, true);
    float[] output = PointParameters.transposed(w, at, h, outputs);
    kernels.gemm(
        scoreGradient, 0, outputs, output, 0, h, hiddenGradient, 0, h, n, h, outputs, false);
    for (int i = 0; i < n * h; i++) {
      hiddenGradient[i] *= slope[i];
    }
  }

  private void backwardHistory(GateSamples samples, int from, int n, float[] gradient) {
    int outputs = shape.outputs();
    int history = PointParameters.history(shape, point);
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
    int experts = shape.experts();
    int outputs = shape.outputs();
    for (int at = 0; at < n * outputs; at += experts) {
      subtractHighest(at);
    }
    System.arraycopy(scores, 0, scoreGradient, 0, n * outputs);
    kernels.exp(scoreGradient, 0, n * outputs);
    double sum = 0;
    for (int t = 0; t < n; t++) {
      for (int j = 1; j <= shape.horizon(); j++) {
        int token = from + t + (shape.crosses(point, j) ? 1 : 0);
        int at = t * outputs + (j - 1) * experts;
        if (token < samples.tokens()) {
          sum += loss.of(scores, at, samples, token, shape.target(point, j), scoreGradient);
        } else {
          Arrays.fill(scoreGradient, at, at + experts, 0);
        }
      }
    }
    kernels.scale(scoreGradient, 0, n * outputs, scale);
    return sum * scale;
  }

  private void subtractHighest(int at) {
    float highest = scores[at];
    for (int e = 1; e < shape.experts(); e++) {
      highest = Math.max(highest, scores[at + e]);
    }
    for (int e = 0; e < shape.experts(); e++) {
      scores[at + e] -= highest;
    }
  }

  /** Turns {@code [rows][columns]} into {@link #turned}. */
  private void transpose(float[] from, int rows, int columns) {
    for (int first = 0; first < columns; first += TRANSPOSED) {
      int end = Math.min(first + TRANSPOSED, columns);
      for (int r = 0; r < rows; r++) {
        for (int c = first; c < end; c++) {
          turned[c * rows + r] = from[r * columns + c];
        }
      }
    }
  }
}

package io.foregate.quant.encode;

import io.foregate.quant.format.Rounding;

/**
 * The scale and minimum of one sub-block by half-quadratic splitting: the error is parted into what
 * is rounded and a sparse rest, of which outliers take most, and the grid follows what is left.
 *
 * <p>Source: Badri and Shaji, "Half-Quadratic Quantization of Large Machine Learning Models"
 * (2023), with its defaults (p = 0.7, 20 rounds, beta growing by a hundredth), except that errors
 * are measured in steps of the grid, so that the result does not depend on the weights' size, and
 * that grids without a minimum fit their scale instead of the zero point. Mutable scratch.
 */
final class HalfQuadratic {
  private static final int ROUNDS = 20;
  private static final float EXPONENT = 0.7f;
  private static final float BETA = 10;
  private static final float GROWTH = 1.01f;

  private final BlockGrid grid;
  private float scale;
  private float min;

  HalfQuadratic(BlockGrid grid) {
    this.grid = grid;
  }

  float scale() {
    return scale;
  }

  /** Not negative: {@code x = scale * q - min}. */
  float min() {
    return min;
  }

  /** Fits {@code x[o .. o + sub)}. */
  void fit(float[] x, int o) {
    begin(x, o);
    if (scale == 0) {
      return;
    }
    float beta = BETA;
    double least = error(x, o, scale, min);
    for (int round = 0; round < ROUNDS; round++, beta *= GROWTH) {
      float oldScale = scale;
      float oldMin = min;
      step(x, o, beta);
      double error = error(x, o, scale, min);
      if (!(error < least)) {
        scale = oldScale;
        min = oldMin;
        return;
      }
      least = error;
    }
  }

  /** The plain grid: from the least element to the greatest, or to the one farthest from zero. */
  private void begin(float[] x, int o) {
    min = 0;
    if (!grid.minima()) {
      scale = Rounding.extreme(grid.sub(), x, o) / grid.least();
      return;
    }
    float low = 0;
    float high = x[o];
    for (int i = o; i < o + grid.sub(); i++) {
      low = Math.min(low, x[i]);
      high = Math.max(high, x[i]);
    }
    scale = Math.max(0, high - low) / grid.high();
    min = -low;
  }

  private void step(float[] x, int o, float beta) {
    double zero = 0;
    double qx = 0;
    double q2 = 0;
    for (int i = o; i < o + grid.sub(); i++) {
      int value = grid.value(grid.code((x[i] + min) / scale));
      float rest = shrink((x[i] + min) / scale - value, beta) * scale;
      zero += value * scale - (x[i] - rest);
      qx += value * (double) (x[i] - rest);
      q2 += (double) value * value;
    }
    if (grid.minima()) {
      min = (float) Math.max(0, zero / grid.sub());
    } else if (q2 > 0 && qx != 0) {
      scale = (float) (qx / q2);
    }
  }

  /** Generalized soft thresholding, the proximal operator of the p-norm, approximately. */
  private static float shrink(float v, float beta) {
    float magnitude = Math.abs(v);
    float shrunk = magnitude - (float) Math.pow(magnitude, EXPONENT - 1) / beta;
    return shrunk > 0 ? Math.copySign(shrunk, v) : 0;
  }

  private double error(float[] x, int o, float s, float m) {
    double sum = 0;
    for (int i = o; i < o + grid.sub(); i++) {
      float value = s * grid.value(grid.code((x[i] + m) / s)) - m;
      sum += Math.abs(x[i] - value);
    }
    return sum;
  }
}

package io.foregate.quant.encode;

import io.foregate.quant.format.Rounding;
import java.util.Arrays;

/**
 * The searches by which ggml picks the scale (and minimum) of one sub-block of a K-quant: weighted
 * least squares over a few candidate scales.
 *
 * <p>Every float operation stands in ggml's order, because a different rounding can pick a
 * different code. Source: ggml's {@code make_qkx2_quants}, {@code make_qx_quants} and {@code
 * make_q3_quants}. Mutable scratch, one per thread.
 */
final class ScaleSearch {
  /** ggml's GROUP_MAX_EPS: a sub-block below it counts as zero. */
  static final float EPSILON = 1e-15f;

  private static final int MAX_SUB = 32;
  private static final float STEP = 0.1f;

  /**
   * Weights of the squared (or absolute) errors in {@link #affine}; the caller fills the first
   * {@code n}.
   */
  final float[] weight = new float[MAX_SUB];

  private final int[] candidate = new int[MAX_SUB];

  /**
   * The minimum that goes with the last {@link #affine}, negated: {@code x = scale * q - min},
   * {@code min >= 0}.
   */
  float min;

  /**
   * The narrower or wider grids that {@link #affine} tries.
   *
   * @param first codes by which the first is wider than the naive one
   * @param steps from there on, of {@value #STEP} codes each
   * @param absolute judge by absolute instead of squared error
   */
  record Grids(float first, int steps, boolean absolute) {}

  /**
   * Codes 0..max and a scale and minimum for {@code x[o .. o + n)}: the naive ones, then those of
   * {@code grids}, each refined by least squares.
   *
   * @return the scale
   */
  float affine(int n, int max, float[] x, int o, int[] q, Grids grids) {
    float lo = x[o];
    float hi = x[o];
    float sumW = weight[0];
    float sumX = sumW * x[o];
    for (int i = 1; i < n; i++) {
      lo = x[o + i] < lo ? x[o + i] : lo;
      hi = x[o + i] > hi ? x[o + i] : hi;
      sumW += weight[i];
      sumX += weight[i] * x[o + i];
    }
    lo = lo > 0 ? 0 : lo;
    if (hi == lo) {
      Arrays.fill(q, o, o + n, 0);
      min = -lo;
      return 0;
    }
    float scale = 1 / (max / (hi - lo));
    codes(n, max, x, o, max / (hi - lo), lo);
    System.arraycopy(candidate, 0, q, o, n);
    float best = error(n, x, o, scale, lo, grids.absolute());
    for (int is = 0; is <= grids.steps(); is++) {
      codes(n, max, x, o, (grids.first() + STEP * is + max) / (hi - lo), lo);
      float sumL = 0;
      float sumL2 = 0;
      float sumXl = 0;
      for (int i = 0; i < n; i++) {
        float wl = weight[i] * candidate[i];
        sumL += wl;
        sumL2 += wl * candidate[i];
        sumXl += wl * x[o + i];
      }
      float det = sumW * sumL2 - sumL * sumL;
      if (det > 0) {
        float thisScale = (sumW * sumXl - sumX * sumL) / det;
        float thisMin = (sumL2 * sumX - sumL * sumXl) / det;
        if (thisMin > 0) {
          thisMin = 0;
          thisScale = sumXl / sumL2;
        }
        float error = error(n, x, o, thisScale, thisMin, grids.absolute());
        if (error < best) {
          System.arraycopy(candidate, 0, q, o, n);
          best = error;
          scale = thisScale;
          // The grids still to come start from the improved minimum.
          lo = thisMin;
        }
      }
    }
    min = -lo;
    return scale;
  }

  private void codes(int n, int max, float[] x, int o, float inverse, float lo) {
    for (int i = 0; i < n; i++) {
      candidate[i] = Math.clamp(Rounding.nearest(inverse * (x[o + i] - lo)), 0, max);
    }
  }

  private float error(int n, float[] x, int o, float scale, float lo, boolean absolute) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
      float diff = scale * candidate[i] + lo - x[o + i];
      sum += weight[i] * (absolute ? Math.abs(diff) : diff * diff);
    }
    return sum;
  }

  /**
   * Codes 0..2*max-1, meaning -max..max-1, for {@code x[o .. o + n)} weighted by their squares: 19
   * grids, the best kept.
   *
   * @return the scale; its sign makes the extreme element's code -max
   */
  float symmetric(int n, int max, float[] x, int o, int[] q) {
    float extreme = Rounding.extreme(n, x, o);
    if (Math.abs(extreme) < EPSILON) {
      Arrays.fill(q, o, o + n, 0);
      return 0;
    }
    float scale = 0;
    float best = 0;
    for (int k = 0; k < 19; k++) {
      // The plain grid first, then ggml's is = -9 .. 9 without 0.
      int is = k == 0 ? 0 : k <= 9 ? k - 10 : k - 9;
      float inverse = k == 0 ? -max / extreme : -(max + 0.1f * is) / extreme;
      float sumLx = 0;
      float sumL2 = 0;
      for (int i = 0; i < n; i++) {
        float v = x[o + i];
        int l = Math.clamp(Rounding.nearest(inverse * v), -max, max - 1);
        candidate[i] = l + max;
        float w = v * v;
        sumLx += w * v * l;
        sumL2 += w * l * l;
      }
      if (k == 0) {
        scale = sumL2 != 0 ? sumLx / sumL2 : 0;
        best = scale * sumLx;
        System.arraycopy(candidate, 0, q, o, n);
      } else if (sumL2 > 0 && sumLx * sumLx > best * sumL2) {
        System.arraycopy(candidate, 0, q, o, n);
        scale = sumLx / sumL2;
        best = scale * sumLx;
      }
    }
    return scale;
  }

  /**
   * Like {@link #symmetric} with max 4, but improves one code at a time, for at most five rounds.
   *
   * @return the scale
   */
  float coordinateDescent(int n, int max, float[] x, int o, int[] q) {
    float extreme = Rounding.extreme(n, x, o);
    if (Math.abs(extreme) < EPSILON) {
      Arrays.fill(q, o, o + n, 0);
      return 0;
    }
    float inverse = -max / extreme;
    float sumLx = 0;
    float sumL2 = 0;
    for (int i = 0; i < n; i++) {
      float v = x[o + i];
      int l = Math.clamp(Rounding.nearest(inverse * v), -max, max - 1);
      q[o + i] = l;
      float w = v * v;
      sumLx += w * v * l;
      sumL2 += w * l * l;
    }
    boolean changed = true;
    for (int round = 0; round < 5 && changed; round++) {
      changed = false;
      for (int i = 0; i < n; i++) {
        float v = x[o + i];
        float w = v * v;
        int old = q[o + i];
        float slx = sumLx - w * v * old;
        if (slx > 0) {
          float sl2 = sumL2 - w * old * old;
          int l = Math.clamp(Rounding.nearest(v * sl2 / slx), -max, max - 1);
          if (l != old) {
            slx += w * v * l;
            sl2 += w * l * l;
            if (sl2 > 0 && slx * slx * sumL2 > sumLx * sumLx * sl2) {
              q[o + i] = l;
              sumLx = slx;
              sumL2 = sl2;
              changed = true;
            }
          }
        }
      }
    }
    for (int i = 0; i < n; i++) {
      q[o + i] += max;
    }
    return sumL2 > 0 ? sumLx / sumL2 : 0;
  }
}

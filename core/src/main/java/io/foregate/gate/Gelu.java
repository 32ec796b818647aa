package io.foregate.gate;

import io.foregate.quant.vector.VectorKernels;

/**
 * The Gaussian error linear unit in its sigmoid form, {@code x / (1 + exp(-1.702 x))} (Hendrycks
 * and Gimpel, arXiv 1606.08415), and its derivative.
 */
public final class Gelu {
  private static final float STEEPNESS = 1.702f;

  private Gelu() {}

  /**
   * Replaces {@code n} values by what the unit makes of them.
   *
   * @param x the values, at {@code from ..}
   * @param sigmoid scratch: gets {@code 1 / (1 + exp(-1.702 x))} at 0 ..
   */
  public static void apply(VectorKernels kernels, float[] x, int from, float[] sigmoid, int n) {
    sigmoid(kernels, x, from, sigmoid, n);
    for (int i = 0; i < n; i++) {
      x[from + i] *= sigmoid[i];
    }
  }

  /**
   * As {@link #apply}, but keeps the derivatives.
   *
   * @param x the values, at 0 ..
   * @param out gets the results, at 0 ..
   * @param derivative gets the derivatives, at 0 ..
   */
  public static void apply(
      VectorKernels kernels, float[] x, float[] out, float[] derivative, int n) {
    sigmoid(kernels, x, 0, derivative, n);
    for (int i = 0; i < n; i++) {
      float s = derivative[i];
      out[i] = x[i] * s;
      derivative[i] = s * (1 + STEEPNESS * x[i] * (1 - s));
    }
  }

  private static void sigmoid(VectorKernels kernels, float[] x, int from, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = -STEEPNESS * x[from + i];
    }
    kernels.exp(out, 0, n);
    for (int i = 0; i < n; i++) {
      out[i] = 1 / (1 + out[i]);
    }
  }
}

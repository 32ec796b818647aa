package io.foregate.gate;

/**
 * The Gaussian error linear unit in its sigmoid form, {@code x / (1 + exp(-1.702 x))} (Hendrycks
 * and Gimpel, arXiv 1606.08415), and its derivative.
 */
final class Gelu {
  private static final float STEEPNESS = 1.702f;

  private Gelu() {}

  static float of(float x) {
    return x / (1 + Exponential.of(-STEEPNESS * x));
  }

  static float derivative(float x) {
    float s = 1 / (1 + Exponential.of(-STEEPNESS * x));
    return s * (1 + STEEPNESS * x * (1 - s));
  }
}

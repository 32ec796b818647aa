package io.foregate.gate.train;

/** Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101). */
final class AdamW {
  private static final float BETA_1 = 0.9f;
  private static final float BETA_2 = 0.99f;
  private static final float EPSILON = 1e-8f;
  private static final float DECAY = 0.01f;

  /** Running mean of the derivatives. */
  final float[] mean;

  /** Running mean of their squares. */
  final float[] square;

  AdamW(int size) {
    this.mean = new float[size];
    this.square = new float[size];
  }

  /**
   * One step, and clears the gradient.
   *
   * @param step how many there were, this one included
   */
  void step(float[] w, float[] gradient, float rate, int step) {
    float bias1 = (float) (1 / (1 - Math.pow(BETA_1, step)));
    float bias2 = (float) (1 / (1 - Math.pow(BETA_2, step)));
    for (int i = 0; i < w.length; i++) {
      float g = gradient[i];
      mean[i] = BETA_1 * mean[i] + (1 - BETA_1) * g;
      square[i] = BETA_2 * square[i] + (1 - BETA_2) * g * g;
      float direction = mean[i] * bias1 / ((float) Math.sqrt(square[i] * bias2) + EPSILON);
      w[i] -= rate * (direction + DECAY * w[i]);
      gradient[i] = 0;
    }
  }
}

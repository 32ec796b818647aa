package io.foregate.gate.train;

/**
 * How gates are trained.
 *
 * @param steps of the optimizer in all; the rate falls to 0 along a cosine over them
 * @param rate the highest learning rate
 * @param chosen weight of the loss's term for the chosen experts
 * @param batch chunks of text per step
 * @param seed of everything random
 * @param threads that train; how many does not change the result
 */
public record TrainingPlan(int steps, float rate, float chosen, int batch, long seed, int threads) {
  private static final int WARM_UP = 20;

  /** The rate of step {@code step} (from 0). */
  float rateAt(int step) {
    double cosine = 0.5 * (1 + Math.cos(Math.PI * Math.min(1, (double) step / steps)));
    return (float) (rate * cosine * Math.min(1, (step + 1.0) / WARM_UP));
  }
}

package io.foregate.gate.train;

import io.foregate.gate.GateShape;
import io.foregate.gate.TopK;

/**
 * How wrong the scores of one layer's experts are: the Kullback-Leibler divergence of the router's
 * distribution from the scores', plus {@code weight} times how unlikely the scores make the experts
 * that were chosen, as {@link TopK} reads them. The first says the most about experts that were
 * nearly chosen, the second asks for what gates are used for. One thread at a time.
 *
 * <p>As the probabilities of {@link TopK} sum to k whatever the scores are, the second term's
 * derivative by a score is {@code sharpness * (probability - chosen)}.
 */
final class GateLoss {
  /** What scores are sharpened with: near the likeliest of trained gates two or three layers on. */
  private static final float SHARPNESS = 6;

  private static final float LEAST = 1e-30f;

  /** A product of probabilities is kept above it. */
  private static final double SMALL = 1e-150;

  private final float weight;
  private final float[] chances;

  /**
   * @param weight of the second term
   */
  GateLoss(GateShape shape, float weight) {
    this.weight = weight;
    this.chances = new float[shape.experts()];
  }

  /**
   * The loss, and its derivatives.
   *
   * @param scores of the experts less the highest of them, at {@code at ..}
   * @param samples what the model did with {@code token} at {@code layer}
   * @param gradient has the exponentials of the scores at {@code at ..}, and gets the derivatives
   */
  float of(float[] scores, int at, GateSamples samples, int token, int layer, float[] gradient) {
    int experts = chances.length;
    int target = samples.targetsAt(token, layer);
    float[] targets = samples.targets();
    float sum = 0;
    float cross = 0;
    for (int e = 0; e < experts; e++) {
      sum += gradient[at + e];
      cross -= targets[target + e] * scores[at + e];
    }
    float scale = 1 / sum;
    for (int e = 0; e < experts; e++) {
      gradient[at + e] = gradient[at + e] * scale - targets[target + e];
    }
    float divergence = cross + (float) Math.log(sum) - samples.entropy(token, layer);
    return divergence + addChosen(scores, at, samples, samples.idsAt(token, layer), gradient);
  }

  private float addChosen(
      float[] scores, int at, GateSamples samples, int chosen, float[] gradient) {
    int experts = chances.length;
    int used = samples.shape().used();
    System.arraycopy(scores, at, chances, 0, experts);
    TopK.probabilities(chances, 0, experts, used, SHARPNESS);
    float slope = weight * SHARPNESS;
    for (int e = 0; e < experts; e++) {
      gradient[at + e] += slope * chances[e];
    }
    double likelihood = 1;
    for (int i = chosen; i < chosen + used; i++) {
      int id = samples.ids()[i];
      gradient[at + id] -= slope;
      likelihood *= Math.max(LEAST, chances[id]);
      chances[id] = 0;
    }
    double logarithm = 0;
    for (int e = 0; e < experts; e++) {
      likelihood *= Math.max(LEAST, 1 - chances[e]);
      if (likelihood < SMALL) {
        logarithm += Math.log(likelihood);
        likelihood = 1;
      }
    }
    return -weight * (float) (logarithm + Math.log(likelihood));
  }
}

package io.foregate.gate;

/**
 * From scores to the probability that an expert is among the {@code k} chosen: each is chosen with
 * probability {@code sigmoid(sharpness * score - t)}, with the {@code t} that makes {@code k} the
 * expected number of chosen ones. So equal scores give {@code k / n} each, and log-odds that add up
 * to {@code k} give themselves. A choice of our own; {@code sharpness} is fitted to what really
 * happened (a temperature, as in Guo et al., On calibration of modern neural networks, arXiv
 * 1706.04599).
 */
public final class TopK {
  private static final int STEPS = 30;
  private static final float ENOUGH = 1e-4f;

  /** Beyond this a sigmoid is 0 or 1 for our purposes. */
  private static final float STEEP = 20;

  private TopK() {}

  /** Replaces {@code scores[from, from + n)} by probabilities; {@code 0 < k <= n}. */
  public static void probabilities(float[] scores, int from, int n, int k, float sharpness) {
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + n; i++) {
      scores[i] *= sharpness;
      low = Math.min(low, scores[i]);
      high = Math.max(high, scores[i]);
    }
    float threshold = k == n ? low - STEEP : threshold(scores, from, n, k, low, high);
    for (int i = from; i < from + n; i++) {
      scores[i] = sigmoid(scores[i] - threshold);
    }
  }

  /** Newton's method, kept between ends that hold the root. */
  private static float threshold(float[] scores, int from, int n, int k, float low, float high) {
    float least = low - STEEP;
    float most = high + STEEP;
    float t = kth(scores, from, n, k);
    for (int step = 0; step < STEPS; step++) {
      float sum = 0;
      float slope = 0;
      for (int i = from; i < from + n; i++) {
        float p = sigmoid(scores[i] - t);
        sum += p;
        slope += p * (1 - p);
      }
      float excess = sum - k;
      if (Math.abs(excess) < ENOUGH) {
        break;
      }
      if (excess > 0) {
        least = t;
      } else {
        most = t;
      }
      float next = t + excess / slope;
      t = next > least && next < most ? next : (least + most) / 2;
    }
    return t;
  }

  /** The middle between the scores of rank k and k + 1. */
  private static float kth(float[] scores, int from, int n, int k) {
    float inside = Float.POSITIVE_INFINITY;
    float outside = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + n; i++) {
      if (Recall.rank(scores, from, n, i - from) < k) {
        inside = Math.min(inside, scores[i]);
      } else {
        outside = Math.max(outside, scores[i]);
      }
    }
    return (inside + outside) / 2;
  }

  private static float sigmoid(float x) {
    return 1 / (1 + FastExp.of(-x));
  }
}

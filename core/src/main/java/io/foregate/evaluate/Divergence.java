package io.foregate.evaluate;

import java.util.Arrays;

/**
 * How far a model's next-token probabilities are from those of a base model, over many positions:
 * {@code KL(base || model)} in nats, and how often both find the same token most probable. Not
 * thread-safe.
 */
public final class Divergence {
  private double[] values = new double[1024];
  private int count;
  private int sameTop;
  private boolean sorted;

  /**
   * Adds a position.
   *
   * @param base logits of the base model, {@code base[baseOffset .. baseOffset + n)}
   * @param model logits of the other, likewise
   */
  public void add(float[] base, int baseOffset, float[] model, int modelOffset, int n) {
    double baseSum = logSumExp(base, baseOffset, n);
    double modelSum = logSumExp(model, modelOffset, n);
    double divergence = 0;
    int baseTop = 0;
    int modelTop = 0;
    for (int i = 0; i < n; i++) {
      double p = base[baseOffset + i] - baseSum;
      divergence += Math.exp(p) * (p - (model[modelOffset + i] - modelSum));
      baseTop = base[baseOffset + i] > base[baseOffset + baseTop] ? i : baseTop;
      modelTop = model[modelOffset + i] > model[modelOffset + modelTop] ? i : modelTop;
    }
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    // Rounding may leave a little less than nothing.
    values[count++] = Math.max(0, divergence);
    sameTop += baseTop == modelTop ? 1 : 0;
    sorted = false;
  }

  /** {@code log(sum(exp(logits[offset .. offset + n))))}. */
  public static double logSumExp(float[] logits, int offset, int n) {
    float highest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      highest = Math.max(highest, logits[offset + i]);
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp(logits[offset + i] - (double) highest);
    }
    return highest + Math.log(sum);
  }

  /** Positions. */
  public int count() {
    return count;
  }

  /** The mean over positions. */
  public double mean() {
    return Arrays.stream(values, 0, count).sum() / count;
  }

  /** The standard error of {@link #mean}. */
  public double error() {
    double mean = mean();
    double squares = Arrays.stream(values, 0, count).map(v -> (v - mean) * (v - mean)).sum();
    return count > 1 ? Math.sqrt(squares / (count - 1) / count) : 0;
  }

  /**
   * What a share of the positions does not exceed.
   *
   * @param share 0 to 1: 0.5 for the median, 1 for the greatest
   */
  public double quantile(double share) {
    if (!sorted) {
      Arrays.sort(values, 0, count);
      sorted = true;
    }
    return values[Math.clamp((long) Math.ceil(share * count) - 1, 0, count - 1)];
  }

  /** Share of the positions where both find the same token most probable. */
  public double sameTop() {
    return (double) sameTop / count;
  }
}

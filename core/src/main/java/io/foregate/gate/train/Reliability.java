package io.foregate.gate.train;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether probabilities come true: of the experts that a predictor gave about so much, how many
 * were used. Not thread-safe.
 */
public final class Reliability {
  private static final int BINS = 10;

  private final long[] count = new long[BINS];
  private final long[] used = new long[BINS];
  private final double[] predicted = new double[BINS];

  /**
   * One tenth of the probabilities.
   *
   * @param count how many were given
   * @param predicted their mean; 0 if there were none
   * @param used the share of their experts that was used
   */
  public record Bin(long count, double predicted, double used) {}

  /** A summary; {@code error} is the mean distance of a bin's two figures, by count. */
  public record Summary(double error, List<Bin> bins) {}

  /** Counts a layer's experts: their probabilities, and the ids of those that were used. */
  void add(float[] probabilities, int at, int experts, int[] ids, int from, int k) {
    for (int e = 0; e < experts; e++) {
      float p = probabilities[at + e];
      int bin = bin(p);
      count[bin]++;
      predicted[bin] += p;
    }
    for (int i = from; i < from + k; i++) {
      used[bin(probabilities[at + ids[i]])]++;
    }
  }

  private static int bin(float probability) {
    return Math.clamp((int) (probability * BINS), 0, BINS - 1);
  }

  void add(Reliability other) {
    for (int i = 0; i < BINS; i++) {
      count[i] += other.count[i];
      used[i] += other.used[i];
      predicted[i] += other.predicted[i];
    }
  }

  /** What was counted. */
  public Summary summary() {
    List<Bin> bins = new ArrayList<>();
    long total = 0;
    double error = 0;
    for (int i = 0; i < BINS; i++) {
      double n = Math.max(1, count[i]);
      bins.add(new Bin(count[i], predicted[i] / n, used[i] / n));
      total += count[i];
      error += Math.abs(predicted[i] - used[i]);
    }
    return new Summary(error / Math.max(1, total), bins);
  }
}

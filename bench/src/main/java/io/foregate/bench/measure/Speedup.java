package io.foregate.bench.measure;

import java.util.Arrays;
import java.util.List;

/**
 * How many times as fast one thing is as another, over pairs of samples.
 *
 * @param median of the pairs' ratios
 * @param low end of the 95 % confidence interval of the geometric mean of the ratios (Student's t
 *     on their logarithms)
 * @param high its other end
 */
public record Speedup(double median, double low, double high) {
  /** Student's t, two-sided 95 %, by degrees of freedom from 1 on. */
  private static final double[] T = {
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228
  };

  /** Of many degrees of freedom. */
  private static final double NORMAL = 1.96;

  /**
   * @param nanos of the one
   * @param others of the other, in the same order
   */
  public static Speedup of(List<Long> nanos, List<Long> others) {
    int n = nanos.size();
    if (n < 2 || others.size() != n) {
      throw new IllegalArgumentException(
          "%d and %d samples, expected as many, and 2 or more".formatted(n, others.size()));
    }
    double[] logs = new double[n];
    for (int i = 0; i < n; i++) {
      logs[i] = Math.log((double) others.get(i) / nanos.get(i));
    }
    double mean = Arrays.stream(logs).average().orElseThrow();
    double squares = Arrays.stream(logs).map(v -> (v - mean) * (v - mean)).sum();
    double error = Math.sqrt(squares / (n - 1) / n);
    double half = error * (n - 2 < T.length ? T[n - 2] : NORMAL);
    double median = Report.median(Arrays.stream(logs));
    return new Speedup(Math.exp(median), Math.exp(mean - half), Math.exp(mean + half));
  }
}

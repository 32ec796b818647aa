package io.foregate.cli;

import java.util.Comparator;
import java.util.PriorityQueue;

/** Probabilities from logits, in double precision. */
final class Softmax {
  private Softmax() {}

  /** {@code log(sum(exp(logits[offset .. offset + n))))}. */
  static double logSumExp(float[] logits, int offset, int n) {
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

  /** Indices of the {@code k} largest of {@code n} logits, largest first, equal ones by index. */
  static int[] largest(float[] logits, int offset, int n, int k) {
    Comparator<Integer> better =
        Comparator.<Integer>comparingDouble(i -> -logits[offset + i]).thenComparingInt(i -> i);
    var best = new PriorityQueue<Integer>(better.reversed());
    for (int i = 0; i < n; i++) {
      best.add(i);
      if (best.size() > k) {
        best.remove();
      }
    }
    return best.stream().sorted(better).mapToInt(Integer::intValue).toArray();
  }
}

package io.foregate.evaluate;

import java.util.Comparator;
import java.util.PriorityQueue;

/** The most probable tokens. */
final class LargestLogits {
  private LargestLogits() {}

  /** Indices of the {@code k} largest of {@code n} logits, largest first, equal ones by index. */
  static int[] of(float[] logits, int offset, int n, int k) {
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

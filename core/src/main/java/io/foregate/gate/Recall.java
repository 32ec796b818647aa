package io.foregate.gate;

/** Recall@m: the share of the experts really used that are among the m of the highest scores. */
public final class Recall {
  private Recall() {}

  /**
   * How many of the experts used are among the {@code m} of the highest scores; of equal scores,
   * the lower id counts as the higher score.
   *
   * @param scores of the experts, at {@code at ..}
   * @param ids the experts used, at {@code from ..}
   */
  public static int hits(
      float[] scores, int at, int experts, int m, int[] ids, int from, int used) {
    int hits = 0;
    for (int i = from; i < from + used; i++) {
      hits += rank(scores, at, experts, ids[i]) < m ? 1 : 0;
    }
    return hits;
  }

  /**
   * How many experts score higher than one; of equal scores, the lower id counts as the higher.
   *
   * @param scores of the experts, at {@code at ..}
   */
  public static int rank(float[] scores, int at, int experts, int id) {
    float score = scores[at + id];
    int rank = 0;
    for (int e = 0; e < experts; e++) {
      rank += scores[at + e] > score || (scores[at + e] == score && e < id) ? 1 : 0;
    }
    return rank;
  }
}

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
      int id = ids[i];
      int above = 0;
      for (int e = 0; e < experts; e++) {
        boolean higher =
            scores[at + e] > scores[at + id] || (scores[at + e] == scores[at + id] && e < id);
        above += higher ? 1 : 0;
      }
      hits += above < m ? 1 : 0;
    }
    return hits;
  }
}

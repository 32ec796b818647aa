package io.foregate.schedule;

/**
 * Mixtral-offloading's rule: which expert to prefetch into a staging slot, and which one to use.
 */
final class Staging {
  private final ExpertGrid grid;
  private final Policy policy;
  private final ExpertCache cache;
  private final Outlook outlook;
  private final boolean[] barred;

  /**
   * @param barred experts that must not be guessed, by number; read, never written
   */
  Staging(ExpertGrid grid, Policy policy, ExpertCache cache, Outlook outlook, boolean[] barred) {
    this.grid = grid;
    this.policy = policy;
    this.cache = cache;
    this.outlook = outlook;
    this.barred = barred;
  }

  /**
   * A staged expert whose slot can be taken: one whose layer has passed, or, for an expert that is
   * due, any.
   */
  int inVain(boolean any) {
    int found = ExpertCache.NONE;
    for (int slot = 0; slot < cache.slots(); slot++) {
      int id = cache.occupant(slot);
      if (id != ExpertCache.NONE && cache.staged(id) && cache.resident(id)) {
        if (!outlook.fresh(grid.layer(id))) {
          return id;
        }
        found = any ? id : found;
      }
    }
    return found;
  }

  /** Of the {@code prefetchCount} likeliest experts of a layer, the likeliest that is absent. */
  int likeliestAbsent(int layer) {
    int first = grid.id(layer, 0);
    int best = ExpertCache.NONE;
    for (int id = first; id < first + grid.experts(); id++) {
      if (cache.absent(id)
          && !barred[id]
          && likelier(id, first) < policy.prefetchCount()
          && (best == ExpertCache.NONE || outlook.probability(id) > outlook.probability(best))) {
        best = id;
      }
    }
    return best;
  }

  /** How many experts of the layer that begins at {@code first} are likelier than one of them. */
  private int likelier(int id, int first) {
    double p = outlook.probability(id);
    int count = 0;
    for (int other = first; other < first + grid.experts(); other++) {
      double q = outlook.probability(other);
      count += q > p || (q == p && other < id) ? 1 : 0;
    }
    return count;
  }
}

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

  Staging(Shared shared) {
    grid = shared.grid();
    policy = shared.policy();
    cache = shared.cache();
    outlook = shared.outlook();
    barred = shared.failures().barred();
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
    int last = ExpertCache.NONE;
    for (int i = 0; i < policy.prefetchCount(); i++) {
      last = likeliestAfter(last, layer);
      if (last == ExpertCache.NONE || (cache.absent(last) && !barred[last])) {
        return last;
      }
    }
    return ExpertCache.NONE;
  }

  /**
   * The likeliest expert of a layer that is less likely than {@code last}; equal ones by number.
   */
  private int likeliestAfter(int last, int layer) {
    double limit = last == ExpertCache.NONE ? Double.MAX_VALUE : outlook.probability(last);
    int best = ExpertCache.NONE;
    double most = -1;
    int end = grid.id(layer, 0) + grid.experts();
    for (int id = grid.id(layer, 0); id < end; id++) {
      double p = outlook.probability(id);
      if (p > most && (p < limit || (p == limit && id > last))) {
        best = id;
        most = p;
      }
    }
    return best;
  }
}

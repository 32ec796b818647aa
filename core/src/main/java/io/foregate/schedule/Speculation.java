package io.foregate.schedule;

/**
 * Which guess is worth a copy now, if any: value = P(use) x stall avoided - cost of the eviction -
 * cost of keeping a missing expert waiting. A copy cannot be taken back, so one that ends after the
 * next routing delays whatever is missing there; and a copy that can as well be made later should
 * leave the link to one that cannot.
 */
final class Speculation {
  private final ExpertGrid grid;
  private final Tuning tuning;
  private final ExpertCache cache;
  private final Outlook outlook;
  private final LayerOutlook layers;
  private final CostModel costs;
  private final Clockwork clockwork;
  private final long[] bytes;
  private final double[] delays;
  private int victim;
  private double victimWorth;

  Speculation(
      ExpertGrid grid,
      Tuning tuning,
      ExpertCache cache,
      Outlook outlook,
      LayerOutlook layers,
      CostModel costs,
      Clockwork clockwork,
      long[] bytes) {
    this.grid = grid;
    this.tuning = tuning;
    this.cache = cache;
    this.outlook = outlook;
    this.layers = layers;
    this.costs = costs;
    this.clockwork = clockwork;
    this.bytes = bytes;
    this.delays = new double[grid.layers() + 1];
  }

  /**
   * The expert to copy now, or -1 when waiting is better. {@link #victim} then says who makes room.
   */
  int choose(long now) {
    victim = ExpertCache.NONE;
    victimWorth = 0;
    if (cache.freeSlots() == 0 && !findVictim(false)) {
      return ExpertCache.NONE;
    }
    double[] until = clockwork.untilRouting(now);
    int best = ExpertCache.NONE;
    double bestScore = Double.NEGATIVE_INFINITY;
    double delayedFor = -1;
    double delay = 0;
    for (int d = 1; d <= grid.layers(); d++) {
      int layer = (clockwork.layer() + d) % grid.layers();
      int id = layers.candidate(layer);
      if (id == ExpertCache.NONE) {
        continue;
      }
      double copy = Math.max(1, costs.copyNanos(bytes[layer]));
      if (copy != delayedFor) {
        delay = expectedDelay(copy, until);
        delayedFor = copy;
      }
      double p = layers.candidateProbability(layer);
      double use = outlook.discount(d) * p;
      double gain =
          use * Math.min(copy, until[d])
              + outlook.discount(d) * (1 - p) * outlook.laterWorth(id) * copy
              - tuning.evictionWeight() * victimWorth * copy
              - tuning.blockingWeight() * (delay - p * delays[d]);
      if (gain <= 0) {
        continue;
      }
      double later = use * Math.clamp(until[d] - copy, 0, copy);
      double score = gain - tuning.patience() * later;
      if (score > bestScore) {
        best = id;
        bestScore = score;
      }
    }
    return best;
  }

  /** Who goes for what {@link #choose} has chosen; -1 when a slot is free. */
  int victim() {
    return victim;
  }

  /**
   * Who goes for an expert that is due.
   *
   * @return -1 when every expert is needed or on its way
   */
  int victimForDemand() {
    return findVictim(false) || findVictim(true) ? victim : ExpertCache.NONE;
  }

  private boolean findVictim(boolean lastResort) {
    victim = ExpertCache.NONE;
    double least = Double.MAX_VALUE;
    for (int d = 1; d <= grid.layers(); d++) {
      int layer = (clockwork.layer() + d) % grid.layers();
      int id = lastResort ? layers.lastResort(layer) : layers.victim(layer);
      if (id == ExpertCache.NONE) {
        continue;
      }
      double inLayer = lastResort ? layers.lastResortRank(layer) : layers.victimRank(layer);
      double rank = outlook.rank(inLayer, d);
      if (rank < least) {
        victim = id;
        least = rank;
        victimWorth = outlook.discount(d) * outlook.worth(id);
      }
    }
    return victim != ExpertCache.NONE;
  }

  /**
   * For how long, on average, a copy that starts now keeps a missing expert waiting; and in {@link
   * #delays}, the part that each layer to come has in it.
   */
  private double expectedDelay(double copy, double[] until) {
    double clear = 1;
    double sum = 0;
    for (int d = 1; d <= grid.layers(); d++) {
      delays[d] = 0;
      if (until[d] < copy) {
        double miss = layers.miss((clockwork.layer() + d) % grid.layers());
        delays[d] = clear * miss * (copy - until[d]);
        clear *= 1 - miss;
        sum += delays[d];
      }
    }
    return sum;
  }
}

package io.foregate.schedule;

/**
 * Which guess is worth a copy now, if any: value = P(use) x stall avoided - cost of the eviction -
 * cost of keeping a missing expert waiting. A guess is copied in parts, so that what is missing
 * waits for one part only; between parts the scheduler decides anew. A copy that can as well be
 * made later should leave the link to one that cannot.
 */
final class Speculation {
  /** Parts are not smaller than this: the latency of each must not count. */
  private static final long LEAST_PART = 256 << 10;

  /** What blocking counts for a guess that has begun: it is nearer to its end than a new one. */
  private static final double PAUSED = 0.3;

  /** Guesses that may be paused at a time: each holds a slot. */
  private static final int MOST_PAUSED = 3;

  /** Parts begin at multiples of this many bytes, as records do. */
  private static final long ALIGNMENT = 256;

  private final ExpertGrid grid;
  private final Tuning tuning;
  private final ExpertCache cache;
  private final Outlook outlook;
  private final LayerOutlook layers;
  private final CostModel costs;
  private final Clockwork clockwork;
  private final long[] bytes;
  private final Arrivals arrivals;
  private final double[] delays;
  private double[] until;
  private double delay;
  private long delayedFor;
  private int delayed;
  private int best;
  private int hopeless;
  private double bestScore;
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
      long[] bytes,
      Arrivals arrivals) {
    this.grid = grid;
    this.tuning = tuning;
    this.cache = cache;
    this.outlook = outlook;
    this.layers = layers;
    this.costs = costs;
    this.clockwork = clockwork;
    this.bytes = bytes;
    this.arrivals = arrivals;
    this.delays = new double[grid.layers() + 1];
  }

  /**
   * The expert to copy now, or to go on copying; -1 when waiting is better. {@link #victim} then
   * says who makes room.
   */
  int choose(long now) {
    until = clockwork.untilRouting(now);
    delayedFor = 0;
    best = ExpertCache.NONE;
    hopeless = ExpertCache.NONE;
    for (int i = 0; i < arrivals.pausedCount(); i++) {
      int id = arrivals.paused(i);
      if (!worth(id, outlook.probability(id), true, 0)) {
        hopeless = id;
      }
    }
    boolean full = cache.freeSlots() == 0;
    if (arrivals.pausedCount() < MOST_PAUSED && (!full || findVictim(false))) {
      double eviction = full ? victimWorth : 0;
      double least = tuning.evictionWeight() * eviction + tuning.margin();
      for (int d = 1; d <= grid.layers(); d++) {
        int layer = (clockwork.layer() + d) % grid.layers();
        if (outlook.discount(d) * layers.candidateWorth(layer) > least) {
          worth(layers.candidate(layer), layers.candidateProbability(layer), false, eviction);
        }
      }
    }
    if (!full || (best != ExpertCache.NONE && !cache.absent(best))) {
      victim = ExpertCache.NONE;
    }
    return best;
  }

  /** Whether a guess gains more than it costs; takes note of it if it is the best so far. */
  private boolean worth(int id, double p, boolean paused, double eviction) {
    int layer = grid.layer(id);
    int d = grid.distance(clockwork.layer(), layer);
    long rest = paused ? bytes[layer] - arrivals.bytes(id) : bytes[layer];
    double copy = Math.max(1, costs.copyNanos(rest));
    double use = outlook.discount(d) * p;
    double unused = outlook.discount(d) * (1 - p);
    double gain = use * Math.min(copy, until[d]) + unused * outlook.laterWorth(id) * copy;
    double cost =
        paused
            ? PAUSED * blocking(rest, layer, d, p)
            : blocking(rest, layer, d, p)
                + (tuning.evictionWeight() * eviction + tuning.margin()) * copy;
    if (gain <= cost) {
      return false;
    }
    double later = use * Math.clamp(until[d] - copy, 0, copy);
    double score = (gain - cost - tuning.patience() * later) / copy;
    if (best == ExpertCache.NONE || score > bestScore) {
      best = id;
      bestScore = score;
    }
    return true;
  }

  /** What it costs that the parts of a guess keep missing experts of other layers waiting. */
  private double blocking(long rest, int layer, int d, double p) {
    long part = Math.min(rest, partBytes(layer));
    if (part != delayedFor) {
      delay = expectedDelay(Math.max(1, costs.copyNanos(part)));
      delayedFor = part;
    }
    double own = d <= delayed ? p * delays[d] : 0;
    return tuning.blockingWeight() * (delay - own) * rest / part;
  }

  /** A paused guess that {@link #choose} has found not worth going on with, or -1. */
  int hopeless() {
    return hopeless;
  }

  /** Bytes of a layer's expert that are copied before the scheduler decides anew. */
  long partBytes(int layer) {
    long part = Math.max(LEAST_PART, -Math.floorDiv(-bytes[layer], (long) tuning.parts()));
    return Math.min(bytes[layer], -Math.floorDiv(-part, ALIGNMENT) * ALIGNMENT);
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
   * #delays}, the part that each of the next {@link #delayed} layers has in it.
   */
  private double expectedDelay(double copy) {
    double clear = 1;
    double sum = 0;
    delayed = 0;
    for (int d = 1; d <= grid.layers() && until[d] < copy; d++) {
      double miss = layers.miss((clockwork.layer() + d) % grid.layers());
      delays[d] = clear * miss * (copy - until[d]);
      clear *= 1 - miss;
      sum += delays[d];
      delayed = d;
    }
    return sum;
  }
}

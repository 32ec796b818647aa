package io.foregate.schedule;

/**
 * Which guess is worth a copy now, if any. A copy gains what the expert is worth in memory, less
 * what the one is worth that makes room, less the price of the link's time if it was in vain:
 *
 * <pre>
 * discount^d(guess) * worth(guess) > discount^d(victim) * worth(victim) + price * (1 - worth(guess))
 * </pre>
 *
 * all in copies, with {@link Outlook#worth} and distances {@code d} in layers. The price is what a
 * moment of the link costs: hardly anything while nobody waits for copies, more the larger the
 * share of time is that was lost to stalls. Of those that gain, the surest and soonest goes first,
 * by {@code p^2 / d}: what is certain has to be copied anyway, and the sooner it is used the
 * shorter it occupies a slot.
 *
 * <p>A guess is copied in parts, so that what is missing waits for one part only; between parts the
 * scheduler decides anew.
 */
final class Speculation {
  /** Parts are not smaller than this: the latency of each must not count. */
  private static final long LEAST_PART = 256 << 10;

  /** The price where every expert has a slot: the sooner they are all there, the better. */
  private static final double ANYTHING_GAINS = -1;

  /** Guesses that may be paused at a time: each holds a slot. */
  private static final int MOST_PAUSED = 5;

  /** Parts begin at multiples of this many bytes, as records do. */
  private static final long ALIGNMENT = 256;

  private final ExpertGrid grid;
  private final Tuning tuning;
  private final ExpertCache cache;
  private final Outlook outlook;
  private final LayerOutlook layers;
  private final Clockwork clockwork;
  private final long[] bytes;
  private final Arrivals arrivals;
  private double price;
  private int best;
  private double bestUrgency;
  private int hopeless;
  private int victim;
  private double victimWorth;

  Speculation(Shared shared) {
    grid = shared.grid();
    tuning = shared.policy().tuning();
    cache = shared.cache();
    outlook = shared.outlook();
    layers = shared.layers();
    clockwork = shared.clockwork();
    bytes = shared.bytes();
    arrivals = shared.arrivals();
  }

  /**
   * The expert to copy now, or to go on copying; -1 when waiting is better. {@link #victim} then
   * says who makes room.
   */
  int choose() {
    best = ExpertCache.NONE;
    hopeless = ExpertCache.NONE;
    boolean full = cache.freeSlots() == 0;
    price =
        cache.holdsAll()
            ? ANYTHING_GAINS
            : tuning.price() + tuning.stallPrice() * clockwork.stallShare();
    for (int i = 0; i < arrivals.pausedCount(); i++) {
      int id = arrivals.paused(i);
      if (!gains(id, outlook.probability(id), outlook.worth(id), 0) && full) {
        hopeless = id;
      }
    }
    if (arrivals.pausedCount() < MOST_PAUSED && (!full || findVictim(false))) {
      double eviction = full ? victimWorth : 0;
      for (int d = 1; d <= grid.layers(); d++) {
        int layer = (clockwork.layer() + d) % grid.layers();
        int id = layers.candidate(layer);
        if (id != ExpertCache.NONE) {
          gains(id, layers.candidateProbability(layer), layers.candidateWorth(layer), eviction);
        }
      }
    }
    if (!full || (best != ExpertCache.NONE && !cache.absent(best))) {
      victim = ExpertCache.NONE;
    }
    return best;
  }

  /** Whether a guess gains more than it costs; takes note of it if it is the most urgent so far. */
  private boolean gains(int id, double p, double worth, double eviction) {
    int d = grid.distance(clockwork.layer(), grid.layer(id));
    if (outlook.discount(d) * worth <= eviction + price * (1 - worth)) {
      return false;
    }
    double urgency = p * p / d;
    if (best == ExpertCache.NONE || urgency > bestUrgency) {
      best = id;
      bestUrgency = urgency;
    }
    return true;
  }

  /** A paused guess that {@link #choose} has found not worth its slot any more, or -1. */
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
}

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

  /** Who goes first, and what that costs, as found last. */
  private int rival;

  private double rivalWorth;

  /** The best guess that has not begun; it stands while nothing changes. */
  private int newcomer;

  private double newcomerUrgency;
  private long surveyedChanges = -1;
  private int surveyedLayer;
  private double surveyedPrice;

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
    price =
        cache.holdsAll()
            ? ANYTHING_GAINS
            : tuning.price() + tuning.stallPrice() * clockwork.stallShare();
    best = ExpertCache.NONE;
    hopeless = ExpertCache.NONE;
    boolean full = cache.freeSlots() == 0;
    for (int i = 0; i < arrivals.pausedCount(); i++) {
      considerPaused(arrivals.paused(i), full);
    }
    if (arrivals.pausedCount() < MOST_PAUSED) {
      survey(full);
      if (newcomer != ExpertCache.NONE
          && (best == ExpertCache.NONE || newcomerUrgency > bestUrgency)) {
        best = newcomer;
      }
    }
    boolean begins = best != ExpertCache.NONE && cache.absent(best);
    victim = full && begins ? rival : ExpertCache.NONE;
    return best;
  }

  private void considerPaused(int id, boolean full) {
    int d = grid.distance(clockwork.layer(), grid.layer(id));
    if (!gains(d, outlook.worth(id), 0)) {
      hopeless = full ? id : hopeless;
      return;
    }
    double urgency = urgency(outlook.probability(id), d);
    if (best == ExpertCache.NONE || urgency > bestUrgency) {
      best = id;
      bestUrgency = urgency;
    }
  }

  /** Looks for the best guess that has not begun, unless nothing has changed since. */
  private void survey(boolean full) {
    if (layers.changes() == surveyedChanges
        && clockwork.layer() == surveyedLayer
        && price == surveyedPrice) {
      return;
    }
    surveyedLayer = clockwork.layer();
    surveyedPrice = price;
    newcomer = ExpertCache.NONE;
    if (!full || findRival(false)) {
      double eviction = full ? rivalWorth : 0;
      int layer = clockwork.layer();
      for (int d = 1; d <= grid.layers(); d++) {
        layer = layer + 1 == grid.layers() ? 0 : layer + 1;
        int id = layers.candidate(layer);
        if (id != ExpertCache.NONE && gains(d, layers.candidateWorth(layer), eviction)) {
          double urgency = urgency(layers.candidateProbability(layer), d);
          if (newcomer == ExpertCache.NONE || urgency > newcomerUrgency) {
            newcomer = id;
            newcomerUrgency = urgency;
          }
        }
      }
    }
    surveyedChanges = layers.changes();
  }

  /** Whether a guess that is used d layers from now gains more than it costs. */
  private boolean gains(int d, double worth, double eviction) {
    return outlook.discount(d) * worth > eviction + price * (1 - worth);
  }

  private static double urgency(double p, int d) {
    return p * p / d;
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
    return findRival(false) || findRival(true) ? rival : ExpertCache.NONE;
  }

  private boolean findRival(boolean lastResort) {
    rival = ExpertCache.NONE;
    surveyedChanges = -1;
    double least = Double.MAX_VALUE;
    int layer = clockwork.layer();
    for (int d = 1; d <= grid.layers(); d++) {
      layer = layer + 1 == grid.layers() ? 0 : layer + 1;
      int id = lastResort ? layers.lastResort(layer) : layers.victim(layer);
      if (id != ExpertCache.NONE) {
        double inLayer = lastResort ? layers.lastResortRank(layer) : layers.victimRank(layer);
        double rank = outlook.rank(inLayer, d);
        if (rank < least) {
          rival = id;
          least = rank;
          rivalWorth = outlook.discount(d) * outlook.worth(id);
        }
      }
    }
    return rival != ExpertCache.NONE;
  }
}

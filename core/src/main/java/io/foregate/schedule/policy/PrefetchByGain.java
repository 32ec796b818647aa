package io.foregate.schedule.policy;

import io.foregate.schedule.state.CopyWaits;
import io.foregate.schedule.state.CostModel;
import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Forecast;
import io.foregate.schedule.state.InFlightCopies;
import io.foregate.schedule.state.TokenClock;

/**
 * Which prefetch is worth a copy now, if any. A copy gains what the expert is worth in memory, less
 * what the one is worth that makes room, as far as copies are waited for at all; it costs the price
 * of the link's time if it was in vain:
 *
 * <pre>
 * waited * (discount^d(prefetch) * value(prefetch) - discount^d(victim) * value(victim))
 *     > price * (1 - value(prefetch))
 * </pre>
 *
 * all in copies, with {@link Forecast#value}, {@link CopyWaits#share} and distances {@code d} in
 * layers. The price is what a moment of the link costs: hardly anything while nobody waits for
 * copies, more the larger the share of time is that was lost to stalls, and more where copies slow
 * computing down ({@link CostModel#slowdown}). Where what is there hides every copy, no guess is
 * copied: no stall would pay for it. Of those that gain, the surest and soonest goes first, by
 * {@code p^2 / d}: what is certain has to be copied anyway, and the sooner it is used the shorter
 * it occupies a slot.
 *
 * <p>A prefetch is copied in parts, so that what is missing waits for one part only; between parts
 * the scheduler decides anew.
 */
public record PrefetchByGain() implements Prefetch {
  /** In how many parts a prefetch is copied: a missing expert waits for one part at most. */
  private static final int PARTS = 6;

  /** Parts are not smaller than this: the latency of each must not count. */
  private static final long MIN_PART = 256 << 10;

  /** The price where every expert has a slot: the sooner they are all there, the better. */
  private static final double ANYTHING_GAINS = -1;

  /** Prefetches that may be paused at a time: each holds a slot. */
  private static final int MAX_PAUSED = 5;

  /** Parts begin at multiples of this many bytes, as records do. */
  private static final long ALIGNMENT = 256;

  /** What a copy in vain costs, in copies, while nobody waits for the link. */
  private static final double PRICE = 0.05;

  /** What it costs more when all time is lost to stalls. */
  private static final double STALL_PRICE = 0.25;

  @Override
  public Prefetcher over(SchedulerState state) {
    return new ByGain(state);
  }

  private static final class ByGain implements Prefetcher {
    private final ExpertGrid grid;
    private final ExpertCache cache;
    private final Forecast forecast;
    private final Candidates candidates;
    private final TokenClock clock;
    private final long[] bytes;
    private final InFlightCopies inFlight;
    private final CostModel costs;
    private final CopyWaits waits;
    private double price;

    /** Share of a copy's time that is saved by making it ahead. */
    private double waited;

    private int best;
    private double bestUrgency;

    /** A paused prefetch that is not worth its slot any more. */
    private int hopeless;

    /** Who makes room for the best prefetch, if no slot is free. */
    private int victim;

    /**
     * The best prefetch that has not begun, and who goes for it; they stand while nothing changes.
     */
    private int newcomer;

    private double newcomerUrgency;
    private int rival;
    private long surveyedChanges = -1;
    private int surveyedLayer;
    private double surveyedPrice;
    private double surveyedWaited;

    ByGain(SchedulerState state) {
      grid = state.grid;
      cache = state.cache;
      forecast = state.forecast;
      candidates = state.candidates;
      clock = state.clock;
      costs = state.costs;
      waits = state.waits;
      bytes = state.bytes;
      inFlight = state.inFlight;
    }

    @Override
    public int next(Room room, long now) {
      int id = choose();
      while (hopeless != ExpertCache.NONE) {
        room.giveUp(hopeless);
        id = choose();
      }
      if (victim != ExpertCache.NONE) {
        room.evict(victim, now);
      }
      return id;
    }

    /** Sets {@link #victim} and {@link #hopeless} as well. */
    private int choose() {
      price = cache.holdsAll() ? ANYTHING_GAINS : priceOfTime();
      waited = cache.holdsAll() ? 1 : waits.share();
      best = ExpertCache.NONE;
      hopeless = ExpertCache.NONE;
      boolean full = cache.freeSlots() == 0;
      for (int i = 0; i < inFlight.pausedCount(); i++) {
        considerPaused(inFlight.paused(i), full);
      }
      if (inFlight.pausedCount() < MAX_PAUSED) {
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

    private double priceOfTime() {
      return PRICE + STALL_PRICE * clock.stallShare() + costs.slowdown();
    }

    private void considerPaused(int id, boolean full) {
      int d = grid.distance(clock.layer(), grid.layer(id));
      if (!gains(d, forecast.value(id), 0)) {
        hopeless = full ? id : hopeless;
        return;
      }
      double urgency = urgency(forecast.probability(id), d);
      if (best == ExpertCache.NONE || urgency > bestUrgency) {
        best = id;
        bestUrgency = urgency;
      }
    }

    /** Looks for the best prefetch that has not begun, unless nothing has changed since. */
    private void survey(boolean full) {
      if (candidates.changes() == surveyedChanges
          && clock.layer() == surveyedLayer
          && price == surveyedPrice
          && waited == surveyedWaited) {
        return;
      }
      surveyedLayer = clock.layer();
      surveyedPrice = price;
      surveyedWaited = waited;
      newcomer = ExpertCache.NONE;
      rival = full ? candidates.cheapestUnexpected() : ExpertCache.NONE;
      if (!full || rival != ExpertCache.NONE) {
        double eviction = full ? candidates.cheapestValue() : 0;
        int layer = clock.layer();
        for (int d = 1; d <= grid.layers(); d++) {
          layer = layer + 1 == grid.layers() ? 0 : layer + 1;
          int id = candidates.candidate(layer);
          if (id != ExpertCache.NONE && gains(d, candidates.candidateValue(layer), eviction)) {
            double urgency = urgency(candidates.candidateProbability(layer), d);
            if (newcomer == ExpertCache.NONE || urgency > newcomerUrgency) {
              newcomer = id;
              newcomerUrgency = urgency;
            }
          }
        }
      }
      surveyedChanges = candidates.changes();
    }

    /** Whether a prefetch that is used d layers from now gains more than it costs. */
    private boolean gains(int d, double value, double eviction) {
      double gain = forecast.discount(d) * value - eviction;
      return waited * gain > price * (1 - value);
    }

    private static double urgency(double p, int d) {
      return p * p / d;
    }

    @Override
    public long part(int layer) {
      long part = Math.max(MIN_PART, -Math.floorDiv(-bytes[layer], (long) PARTS));
      return Math.min(bytes[layer], -Math.floorDiv(-part, ALIGNMENT) * ALIGNMENT);
    }
  }
}

package io.foregate.schedule.policy;

import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Forecast;
import io.foregate.schedule.state.TokenClock;
import java.util.Arrays;

/**
 * Of each layer, the expert that goes first and the absent one that is likeliest to be used; kept
 * until something changes.
 */
public final class Candidates {
  private static final int NONE = ExpertCache.NONE;

  private final ExpertGrid grid;
  private final ExpertCache cache;
  private final Forecast forecast;
  private final Eviction eviction;
  private final TokenClock clock;
  private final boolean[] needed;
  private final boolean[] barred;
  private final double floor;
  private final boolean[] stale;
  private long changes;
  private final int[] victim;
  private final double[] victimRank;
  private final int[] lastResort;
  private final double[] lastResortRank;
  private final int[] candidate;
  private final double[] candidateProbability;
  private final double[] candidateValue;
  private double cheapestValue;

  /**
   * @param state all but the candidates themselves
   */
  Candidates(SchedulerState state, Eviction eviction) {
    grid = state.grid;
    cache = state.cache;
    forecast = state.forecast;
    clock = state.clock;
    needed = state.due.needed();
    barred = state.failures.barred();
    floor = cache.holdsAll() ? 0 : Forecast.UNLIKELY;
    this.eviction = eviction;
    int layers = grid.layers();
    stale = new boolean[layers];
    victim = new int[layers];
    victimRank = new double[layers];
    lastResort = new int[layers];
    lastResortRank = new double[layers];
    candidate = new int[layers];
    candidateProbability = new double[layers];
    candidateValue = new double[layers];
    changedAll();
  }

  /** Something about a layer's experts has changed. */
  public void changed(int layer) {
    stale[layer] = true;
    changes++;
  }

  /** An expert can go from now on: it has run, or was copied before it is due. */
  public void released(int layer, int id) {
    changes++;
    if (!stale[layer]) {
      considerVictim(layer, id, eviction.guardedFrom(forecast, layer));
    }
  }

  public void changedAll() {
    Arrays.fill(stale, true);
    changes++;
  }

  /** How often something has changed. */
  public long changes() {
    return changes;
  }

  /** The expert of a layer that goes first and is not expected, or -1. */
  public int victim(int layer) {
    refresh(layer);
    return victim[layer];
  }

  /**
   * The expert that goes first of all layers': one that the gates expect only if there is no other.
   *
   * @return -1 when every expert is needed or on its way
   */
  public int cheapest() {
    int unexpected = cheapestUnexpected();
    return unexpected == NONE ? cheapest(true) : unexpected;
  }

  /** As {@link #cheapest}, but never one that the gates expect. */
  public int cheapestUnexpected() {
    return cheapest(false);
  }

  /** What the expert is worth now that was found cheapest last. */
  double cheapestValue() {
    return cheapestValue;
  }

  private int cheapest(boolean expected) {
    int found = NONE;
    double least = Double.MAX_VALUE;
    int layer = clock.layer();
    for (int d = 1; d <= grid.layers(); d++) {
      layer = layer + 1 == grid.layers() ? 0 : layer + 1;
      refresh(layer);
      int id = expected ? lastResort[layer] : victim[layer];
      if (id != NONE) {
        double inLayer = expected ? lastResortRank[layer] : victimRank[layer];
        double rank = eviction.rank(forecast, inLayer, d);
        if (rank < least) {
          found = id;
          least = rank;
          cheapestValue = forecast.discount(d) * forecast.value(id);
        }
      }
    }
    return found;
  }

  /** The absent expert of a layer that is likeliest to be used next, or -1. */
  public int candidate(int layer) {
    refresh(layer);
    return candidate[layer];
  }

  public double candidateProbability(int layer) {
    return candidateProbability[layer];
  }

  /** {@link Forecast#value} of {@link #candidate}; 0 without one. */
  public double candidateValue(int layer) {
    return candidateValue[layer];
  }

  private void refresh(int layer) {
    if (!stale[layer]) {
      return;
    }
    stale[layer] = false;
    victim[layer] = NONE;
    lastResort[layer] = NONE;
    candidate[layer] = NONE;
    double likeliest = -1;
    victimRank[layer] = Double.MAX_VALUE;
    lastResortRank[layer] = Double.MAX_VALUE;
    double least = forecast.fresh(layer) ? floor : 0;
    double guarded = eviction.guardedFrom(forecast, layer);
    int end = grid.id(layer, 0) + grid.experts();
    for (int id = grid.id(layer, 0); id < end; id++) {
      if (needed[id]) {
        continue;
      }
      if (cache.absent(id)) {
        double p = forecast.probability(id);
        if (p > likeliest && p >= least && !barred[id]) {
          candidate[layer] = id;
          likeliest = p;
        }
      } else if (cache.evictable(id)) {
        considerVictim(layer, id, guarded);
      }
    }
    candidateProbability[layer] = likeliest;
    candidateValue[layer] = candidate[layer] == NONE ? 0 : forecast.value(candidate[layer]);
  }

  private void considerVictim(int layer, int id, double guarded) {
    double rank = eviction.rank(forecast, id);
    if (forecast.probability(id) >= guarded) {
      if (rank < lastResortRank[layer]) {
        lastResort[layer] = id;
        lastResortRank[layer] = rank;
      }
    } else if (rank < victimRank[layer]) {
      victim[layer] = id;
      victimRank[layer] = rank;
    }
  }
}

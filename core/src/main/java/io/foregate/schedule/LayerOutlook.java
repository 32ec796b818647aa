package io.foregate.schedule;

import java.util.Arrays;

/**
 * What the scheduler wants to know of each layer's experts, kept until something changes: the one
 * that goes first, and the absent one that is likeliest to be used.
 */
final class LayerOutlook {
  private static final int NONE = ExpertCache.NONE;

  private final ExpertGrid grid;
  private final ExpertCache cache;
  private final Outlook outlook;
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
  private final double[] candidateWorth;

  /**
   * @param needed experts that must stay, by number; read, never written
   * @param barred experts that must not be guessed, by number; read, never written
   * @param floor probability below which gates' guesses are no candidates
   */
  LayerOutlook(
      ExpertGrid grid,
      ExpertCache cache,
      Outlook outlook,
      boolean[] needed,
      boolean[] barred,
      double floor) {
    this.grid = grid;
    this.cache = cache;
    this.outlook = outlook;
    this.needed = needed;
    this.barred = barred;
    this.floor = floor;
    int layers = grid.layers();
    stale = new boolean[layers];
    victim = new int[layers];
    victimRank = new double[layers];
    lastResort = new int[layers];
    lastResortRank = new double[layers];
    candidate = new int[layers];
    candidateProbability = new double[layers];
    candidateWorth = new double[layers];
    changedAll();
  }

  /** Something about a layer's experts has changed. */
  void changed(int layer) {
    stale[layer] = true;
    changes++;
  }

  /** An expert can go from now on: it has run, or was copied before it is due. */
  void released(int layer, int id) {
    changes++;
    if (!stale[layer]) {
      considerVictim(layer, id, outlook.guardedFrom(layer));
    }
  }

  void changedAll() {
    Arrays.fill(stale, true);
    changes++;
  }

  /** How often something has changed. */
  long changes() {
    return changes;
  }

  /** The expert of a layer that goes first and is not expected, or -1. */
  int victim(int layer) {
    refresh(layer);
    return victim[layer];
  }

  double victimRank(int layer) {
    return victimRank[layer];
  }

  /** As {@link #victim}, among those that the gates expect. */
  int lastResort(int layer) {
    refresh(layer);
    return lastResort[layer];
  }

  double lastResortRank(int layer) {
    return lastResortRank[layer];
  }

  /** The absent expert of a layer that is likeliest to be used next, or -1. */
  int candidate(int layer) {
    refresh(layer);
    return candidate[layer];
  }

  double candidateProbability(int layer) {
    return candidateProbability[layer];
  }

  /** {@link Outlook#worth} of {@link #candidate}; 0 without one. */
  double candidateWorth(int layer) {
    return candidateWorth[layer];
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
    double least = outlook.fresh(layer) ? floor : 0;
    double guarded = outlook.guardedFrom(layer);
    int end = grid.id(layer, 0) + grid.experts();
    for (int id = grid.id(layer, 0); id < end; id++) {
      if (needed[id]) {
        continue;
      }
      if (cache.absent(id)) {
        double p = outlook.probability(id);
        if (p > likeliest && p >= least && !barred[id]) {
          candidate[layer] = id;
          likeliest = p;
        }
      } else if (cache.evictable(id)) {
        considerVictim(layer, id, guarded);
      }
    }
    candidateProbability[layer] = likeliest;
    candidateWorth[layer] = candidate[layer] == NONE ? 0 : outlook.worth(candidate[layer]);
  }

  private void considerVictim(int layer, int id, double guarded) {
    double rank = outlook.rank(id);
    if (outlook.probability(id) >= guarded) {
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

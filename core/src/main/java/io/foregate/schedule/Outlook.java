package io.foregate.schedule;

import java.util.Arrays;

/**
 * How likely each expert is to be used when its layer comes next, and what it is worth to have it
 * then. Gates say so within their horizon; elsewhere it is estimated from how often the expert was
 * used lately.
 */
final class Outlook {
  /** Weight of a token in an expert's frequency. */
  private static final double WEIGHT = 1.0 / 50;

  /** Tokens that the uniform estimate at the start counts for. */
  private static final int PRIOR_TOKENS = 4;

  /** No gate is certain: keeps values finite and lets history break ties. */
  private static final float CERTAIN = 0.999f;

  private final ExpertGrid grid;
  private final Policy policy;

  /** Of each expert, by number: that it is used when its layer comes next. */
  private final float[] chances;

  private final float[] frequency;

  /** The part of {@link #worth} that comes after a layer's next visit, for one not used there. */
  private final float[] later;

  private final long[] lastUse;
  private final boolean[] fresh;
  private final long[] visits;
  private final boolean[] toCome;
  private final double[] discounts;
  private long clock;
  private int batch = 1;

  Outlook(ExpertGrid grid, Policy policy) {
    this.grid = grid;
    this.policy = policy;
    frequency = new float[grid.total()];
    Arrays.fill(frequency, (float) grid.used() / grid.experts());
    chances = frequency.clone();
    later = new float[grid.total()];
    lastUse = new long[grid.total()];
    fresh = new boolean[grid.layers()];
    visits = new long[grid.layers()];
    toCome = new boolean[grid.layers()];
    discounts = new double[grid.layers() + 1];
    for (int d = 0; d <= grid.layers(); d++) {
      discounts[d] = Math.pow(policy.tuning().discount(), d);
    }
    Arrays.fill(later, laterWorth(frequency[0]));
  }

  /**
   * A batch begins: predictions made for single tokens say nothing of many.
   *
   * @return whether that changes anything
   */
  boolean begin(int tokens) {
    boolean single = batch == 1 && tokens == 1;
    batch = tokens;
    Arrays.fill(toCome, true);
    if (tokens > 1) {
      Arrays.fill(fresh, false);
    }
    for (int l = 0; l < grid.layers() && !single; l++) {
      if (!fresh[l]) {
        estimate(l);
      }
    }
    return !single;
  }

  /** Without gates, frequency says how likely a layer's experts are. */
  private void estimate(int layer) {
    int from = grid.id(layer, 0);
    for (int id = from; id < from + grid.experts(); id++) {
      chances[id] =
          batch > 1 && toCome[layer]
              ? (float) (1 - Math.pow(1 - frequency[id], batch))
              : frequency[id];
    }
  }

  /**
   * Takes over predictions made at a layer, or, as layer -1, of the token to come: {@code
   * [horizon][experts]}.
   *
   * @return how many layers ahead were taken over
   */
  int predicted(int layer, float[] probabilities, int horizon) {
    int taken = Math.min(Math.min(horizon, policy.horizon()), grid.layers());
    if (!policy.crossToken()) {
      taken = layer < 0 ? 0 : Math.min(taken, grid.layers() - 1 - layer);
    }
    for (int j = 1; j <= taken; j++) {
      int target = (layer + j) % grid.layers();
      if (batch > 1 && target > layer) {
        continue; // of many tokens, the estimate from frequency is the better one
      }
      int from = (j - 1) * grid.experts();
      int to = grid.id(target, 0);
      for (int e = 0; e < grid.experts(); e++) {
        chances[to + e] = Math.clamp(probabilities[from + e], 0f, CERTAIN);
      }
      fresh[target] = true;
    }
    return taken;
  }

  /**
   * A layer was routed.
   *
   * @param served how many tokens chose each expert of the layer
   */
  void routed(int layer, int[] served, int tokens) {
    fresh[layer] = false;
    toCome[layer] = false;
    clock++;
    visits[layer] += tokens;
    float weight = (float) forget(Math.max(WEIGHT, 1.0 / (visits[layer] + PRIOR_TOKENS)), tokens);
    for (int e = 0; e < grid.experts(); e++) {
      int id = grid.id(layer, e);
      float share = (float) served[e] / tokens;
      frequency[id] += weight * (share - frequency[id]);
      later[id] = laterWorth(frequency[id]);
      if (served[e] > 0) {
        lastUse[id] = clock;
      }
    }
    estimate(layer);
  }

  private static double forget(double weight, int tokens) {
    return tokens == 1 ? weight : 1 - Math.pow(1 - weight, tokens);
  }

  private float laterWorth(double frequency) {
    double token = discounts[grid.layers()];
    return (float) (token * frequency / (1 - (1 - frequency) * token));
  }

  /** Whether gates have spoken of the layer's next visit. */
  boolean fresh(int layer) {
    return fresh[layer];
  }

  /** The probability that an expert is used when its layer comes next. */
  double probability(int id) {
    return chances[id];
  }

  /**
   * The probability from which an expert of a layer stays while any other can go, because the gates
   * expect that it is used.
   */
  double guardedFrom(int layer) {
    return policy.eviction() == Eviction.PREDICTED && fresh[layer]
        ? policy.tuning().predicted()
        : Double.MAX_VALUE;
  }

  /**
   * What it is worth, in copies, to have an expert in memory, were its layer next: the discounted
   * probability that it is used then, or, if not, first used a token later, or two, or three ...
   */
  double worth(int id) {
    double p = chances[id];
    return p + (1 - p) * later[id];
  }

  /** What something is worth that comes {@code distance} layers from now. */
  double discount(int distance) {
    return discounts[distance];
  }

  /** Less: goes first. Comparable between experts of a layer. */
  double rank(int id) {
    return switch (policy.eviction()) {
      case LRU -> lastUse[id];
      case LFU -> frequency[id];
      case PREDICTED -> worth(id);
    };
  }

  /** Less: goes first. Comparable between all experts; see {@link #rank}. */
  double rank(double rankInLayer, int distance) {
    return policy.eviction() == Eviction.PREDICTED
        ? rankInLayer * discounts[distance]
        : rankInLayer;
  }
}

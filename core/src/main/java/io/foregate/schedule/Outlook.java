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
  private final float[] gates;
  private final float[] frequency;
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
    gates = new float[grid.total()];
    frequency = new float[grid.total()];
    Arrays.fill(frequency, (float) grid.used() / grid.experts());
    lastUse = new long[grid.total()];
    fresh = new boolean[grid.layers()];
    visits = new long[grid.layers()];
    toCome = new boolean[grid.layers()];
    discounts = new double[grid.layers() + 1];
    for (int d = 0; d <= grid.layers(); d++) {
      discounts[d] = Math.pow(policy.tuning().discount(), d);
    }
  }

  /** A batch begins: predictions made for single tokens say nothing of many. */
  void begin(int tokens) {
    batch = tokens;
    Arrays.fill(toCome, true);
    if (tokens > 1) {
      Arrays.fill(fresh, false);
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
      for (int e = 0; e < grid.experts(); e++) {
        gates[grid.id(target, e)] = Math.clamp(probabilities[from + e], 0f, CERTAIN);
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
      if (served[e] > 0) {
        lastUse[id] = clock;
      }
    }
  }

  private static double forget(double weight, int tokens) {
    return tokens == 1 ? weight : 1 - Math.pow(1 - weight, tokens);
  }

  /** Whether gates have spoken of the layer's next visit. */
  boolean fresh(int layer) {
    return fresh[layer];
  }

  /** The probability that an expert is used when its layer comes next. */
  double probability(int id) {
    int layer = grid.layer(id);
    if (fresh[layer]) {
      return gates[id];
    }
    return batch > 1 && toCome[layer] ? 1 - Math.pow(1 - frequency[id], batch) : frequency[id];
  }

  /** Whether an expert stays while any other can go, because the gates expect that it is used. */
  boolean guarded(int id) {
    return policy.eviction() == Eviction.PREDICTED
        && fresh[grid.layer(id)]
        && gates[id] >= policy.tuning().predicted();
  }

  /**
   * What it is worth, in copies, to have an expert in memory, were its layer next: the discounted
   * probability that it is used then, or, if not, first used a token later, or two, or three ...
   */
  double worth(int id) {
    double p = probability(id);
    return p + (1 - p) * laterWorth(id);
  }

  private double laterWorth(int id) {
    double q = frequency[id];
    double token = discounts[grid.layers()];
    return token * q / (1 - (1 - q) * token);
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

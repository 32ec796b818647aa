package io.foregate.schedule.state;

import java.util.Arrays;

/** How each expert was used until now: how often lately, and when last. */
public final class Usage {
  /** Weight of a token in an expert's frequency. */
  private static final double WEIGHT = 1.0 / 50;

  /** Tokens that the uniform estimate at the start counts for. */
  private static final int PRIOR_TOKENS = 4;

  private final ExpertGrid grid;
  private final float[] frequency;
  private final long[] lastUse;
  private final long[] visits;
  private long clock;

  public Usage(ExpertGrid grid) {
    this.grid = grid;
    frequency = new float[grid.total()];
    Arrays.fill(frequency, (float) grid.used() / grid.experts());
    lastUse = new long[grid.total()];
    visits = new long[grid.layers()];
  }

  /**
   * A layer was routed.
   *
   * @param served how many tokens chose each expert of the layer
   */
  public void routed(int layer, int[] served, int tokens) {
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

  /** Share of the layer's tokens that chose an expert, old ones counting less and less. */
  public float frequency(int id) {
    return frequency[id];
  }

  /** When an expert was used last, counted in layers routed; 0 for never. */
  public long lastUse(int id) {
    return lastUse[id];
  }
}

package io.foregate.schedule.state;

import java.util.Arrays;

/**
 * How likely each expert is to be used when its layer comes next, and what it is worth to have it
 * then. Gates say so within their horizon; elsewhere it is estimated from how often the expert was
 * used lately.
 */
public final class Forecast {
  /** Probability below which gates ask for nothing. */
  public static final double UNLIKELY = 0.05;

  /** What a use is worth one layer further away: later uses can still be prefetched. */
  private static final double DISCOUNT = 0.87;

  /** No gate is certain: keeps values finite and lets history break ties. */
  private static final float CERTAIN = 0.999f;

  private final ExpertGrid grid;
  private final Usage usage;
  private final int horizon;
  private final boolean crossToken;

  /** Of each expert, by number: that it is used when its layer comes next. */
  private final float[] chances;

  /** The part of {@link #value} that comes after a layer's next visit, for one not used there. */
  private final float[] later;

  private final boolean[] fresh;
  private final boolean[] toCome;
  private final double[] discounts;
  private int batch = 1;

  /**
   * @param horizon layers that predictions are heeded ahead
   * @param crossToken whether predictions beyond a token's last layer are heeded
   */
  public Forecast(ExpertGrid grid, Usage usage, int horizon, boolean crossToken) {
    this.grid = grid;
    this.usage = usage;
    this.horizon = horizon;
    this.crossToken = crossToken;
    chances = new float[grid.total()];
    later = new float[grid.total()];
    fresh = new boolean[grid.layers()];
    toCome = new boolean[grid.layers()];
    discounts = new double[grid.layers() + 1];
    for (int d = 0; d <= grid.layers(); d++) {
      discounts[d] = Math.pow(DISCOUNT, d);
    }
    for (int id = 0; id < grid.total(); id++) {
      chances[id] = usage.frequency(id);
      later[id] = laterValue(usage.frequency(id));
    }
  }

  /** How experts were used until now. */
  public Usage usage() {
    return usage;
  }

  /**
   * A batch begins: predictions made for single tokens say nothing of many.
   *
   * @return whether that changes anything
   */
  public boolean begin(int tokens) {
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
              ? (float) (1 - Math.pow(1 - usage.frequency(id), batch))
              : usage.frequency(id);
    }
  }

  /**
   * Takes over predictions made at a layer, or, as layer -1, of the token to come: {@code
   * [given][experts]}.
   *
   * @return how many layers ahead were taken over
   */
  public int predicted(int layer, float[] probabilities, int given) {
    int taken = Math.min(Math.min(given, horizon), grid.layers());
    if (!crossToken) {
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

  /** A layer was routed, and {@link #usage} has heard of it. */
  public void routed(int layer) {
    fresh[layer] = false;
    toCome[layer] = false;
    for (int e = 0; e < grid.experts(); e++) {
      int id = grid.id(layer, e);
      later[id] = laterValue(usage.frequency(id));
    }
    estimate(layer);
  }

  private float laterValue(double frequency) {
    double token = discounts[grid.layers()];
    return (float) (token * frequency / (1 - (1 - frequency) * token));
  }

  /** Whether gates have spoken of the layer's next visit. */
  public boolean fresh(int layer) {
    return fresh[layer];
  }

  /** The probability that an expert is used when its layer comes next. */
  public double probability(int id) {
    return chances[id];
  }

  /**
   * What it is worth, in copies, to have an expert in memory, were its layer next: the discounted
   * probability that it is used then, or, if not, first used a token later, or two, or three ...
   */
  public double value(int id) {
    double p = chances[id];
    return p + (1 - p) * later[id];
  }

  /** What something is worth that comes {@code distance} layers from now. */
  public double discount(int distance) {
    return discounts[distance];
  }
}

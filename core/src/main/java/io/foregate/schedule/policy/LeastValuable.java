package io.foregate.schedule.policy;

import io.foregate.schedule.state.Forecast;

/**
 * The expert whose next use is worth least goes first: as Belady's rule, but on the probability
 * that it is used when its layer comes next (gates within the horizon, else frequency), discounted
 * by how far away that is. What the gates predict is never evicted for a prefetch.
 *
 * <p>It pairs with {@link PrefetchByGain}, which holds a prefetch's gain against what the evicted
 * one is worth. That worth, {@code discount * value}, is reckoned by {@link Candidates} whatever
 * the rule ranks by: another rule with that prefetch picks another expert, and is held to the same
 * price.
 */
public record LeastValuable() implements Eviction {
  /** Probability from which an expert counts as predicted. */
  private static final double PREDICTED = 0.5;

  @Override
  public double rank(Forecast forecast, int id) {
    return forecast.value(id);
  }

  @Override
  public double rank(Forecast forecast, double rank, int distance) {
    return rank * forecast.discount(distance);
  }

  @Override
  public double guardedFrom(Forecast forecast, int layer) {
    return forecast.fresh(layer) ? PREDICTED : Double.MAX_VALUE;
  }
}

package io.foregate.schedule.policy;

import io.foregate.schedule.state.Forecast;

/**
 * LRU: the expert whose last use is longest ago goes first.
 *
 * @param writesBack whether it is copied back to the host, as Mixtral-offloading's code does
 */
public record LeastRecentlyUsed(boolean writesBack) implements Eviction {
  /** The host has every expert anyway, so nothing is copied back. */
  public LeastRecentlyUsed() {
    this(false);
  }

  @Override
  public double rank(Forecast forecast, int id) {
    return forecast.usage().lastUse(id);
  }
}

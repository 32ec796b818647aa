package io.foregate.docs;

import io.foregate.schedule.policy.Eviction;
import io.foregate.schedule.state.Forecast;

/** LFU: the expert that is used least often goes first. */
public record LeastFrequentlyUsed() implements Eviction {
  @Override
  public double rank(Forecast forecast, int id) {
    return forecast.usage().frequency(id);
  }
}

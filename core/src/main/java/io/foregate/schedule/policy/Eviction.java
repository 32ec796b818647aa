package io.foregate.schedule.policy;

import io.foregate.schedule.state.Forecast;

/**
 * Which of the experts that nobody needs right now goes first. A rule keeps nothing: it ranks by
 * what the forecast, and the usage behind it, know of an expert.
 */
public interface Eviction {
  /**
   * Where an expert stands among those of its layer: the smallest goes first. It may change only
   * with the layer's routing and predictions.
   */
  double rank(Forecast forecast, int id);

  /**
   * A rank of {@link #rank(Forecast, int)}, seen from {@code distance} layers before: comparable
   * between experts of all layers.
   */
  default double rank(Forecast forecast, double rank, int distance) {
    return rank;
  }

  /**
   * The probability from which an expert of a layer stays while any other can go, because it is
   * expected to be used.
   */
  default double guardedFrom(Forecast forecast, int layer) {
    return Double.MAX_VALUE;
  }

  /** Whether an expert is copied back to the host before its slot is free. */
  default boolean writesBack() {
    return false;
  }
}

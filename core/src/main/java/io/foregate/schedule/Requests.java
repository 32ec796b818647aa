package io.foregate.schedule;

import io.foregate.schedule.policy.SchedulerState;
import io.foregate.schedule.state.Counters;
import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Forecast;

/** Which absent experts the gates ask for; those that no longer are asked for are counted. */
final class Requests {
  private final ExpertGrid grid;
  private final ExpertCache cache;
  private final Forecast forecast;
  private final Counters counters;
  private final boolean[] requested;

  Requests(SchedulerState state) {
    grid = state.grid;
    cache = state.cache;
    forecast = state.forecast;
    counters = state.counters;
    requested = new boolean[grid.total()];
  }

  /** What is said of a layer has changed. */
  void update(int layer) {
    boolean fresh = forecast.fresh(layer);
    int end = grid.id(layer, 0) + grid.experts();
    for (int id = grid.id(layer, 0); id < end; id++) {
      boolean absent = cache.absent(id);
      boolean now = absent && fresh && forecast.probability(id) >= Forecast.UNLIKELY;
      if (requested[id] && !now && absent) {
        counters.cancelledRequests++;
      }
      requested[id] = now;
    }
  }

  /** An expert is copied, or due. */
  void met(int id) {
    requested[id] = false;
  }
}

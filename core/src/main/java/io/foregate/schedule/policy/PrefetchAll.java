package io.foregate.schedule.policy;

import io.foregate.schedule.state.ExpertCache;

/** Every expert is copied once, in the order of layers, while slots are free. */
public record PrefetchAll() implements Prefetch {
  @Override
  public Prefetcher over(SchedulerState state) {
    return (_, _) -> firstAbsent(state);
  }

  private static int firstAbsent(SchedulerState state) {
    ExpertCache cache = state.cache;
    boolean[] barred = state.failures.barred();
    for (int id = 0; id < state.grid.total() && cache.freeSlots() > 0; id++) {
      if (cache.absent(id) && !barred[id]) {
        return id;
      }
    }
    return ExpertCache.NONE;
  }
}

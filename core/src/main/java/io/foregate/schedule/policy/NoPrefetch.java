package io.foregate.schedule.policy;

import io.foregate.schedule.state.ExpertCache;

/** An expert is copied when it is due, and never before. */
public record NoPrefetch() implements Prefetch {
  @Override
  public Prefetcher over(SchedulerState state) {
    return (_, _) -> ExpertCache.NONE;
  }
}

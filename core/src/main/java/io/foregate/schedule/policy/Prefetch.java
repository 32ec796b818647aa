package io.foregate.schedule.policy;

/** What is copied before it is needed. */
public interface Prefetch {
  /** What carries the rule out for one scheduler. */
  Prefetcher over(SchedulerState state);

  /** Experts that are prefetched per layer, where that is a constant; else 0. */
  default int count() {
    return 0;
  }

  /** The same rule with another such constant; itself where it has none. */
  default Prefetch withCount(int count) {
    return this;
  }
}

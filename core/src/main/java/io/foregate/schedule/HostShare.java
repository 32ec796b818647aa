package io.foregate.schedule;

/** Which of the missing experts the processor computes, straight from host memory. */
final class HostShare {
  private final long[] bytes;
  private final ExpertCache cache;
  private final DueExperts due;
  private final CostModel costs;

  HostShare(long[] bytes, ExpertCache cache, DueExperts due, CostModel costs) {
    this.bytes = bytes;
    this.cache = cache;
    this.due = due;
    this.costs = costs;
  }

  /**
   * Leaves to the processor as many of the missing experts as makes the layer end soonest. It then
   * works while the others are copied.
   *
   * @param link expected nanoseconds until the link is free
   */
  void choose(int layer, double link) {
    int misses = 0;
    int hits = 0;
    for (int i = 0; i < due.count(); i++) {
      misses += cache.absent(due.id(i)) ? 1 : 0;
      hits += cache.resident(due.id(i)) ? 1 : 0;
    }
    int lates = due.count() - hits - misses;
    double copy = costs.copyNanos(bytes[layer]);
    double device = costs.expertNanos();
    double host = costs.hostExpertNanos();
    int best = 0;
    double soonest = Double.MAX_VALUE;
    for (int sent = 0; sent <= misses; sent++) {
      int copied = misses - sent;
      boolean waits = copied + lates > 0;
      double end =
          Math.max(hits * device + sent * host, waits ? link + copied * copy : 0)
              + (waits ? device : 0);
      if (end < soonest) {
        soonest = end;
        best = sent;
      }
    }
    if (!costs.hostKnown()) {
      best = Math.min(1, misses); // to find out what it takes
    }
    for (int i = due.count() - 1; i >= 0 && best > 0; i--) {
      if (cache.absent(due.id(i))) {
        due.sendToHost(i);
        best--;
      }
    }
  }
}

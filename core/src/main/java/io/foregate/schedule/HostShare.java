package io.foregate.schedule;

import io.foregate.schedule.policy.SchedulerState;
import io.foregate.schedule.state.CostModel;
import io.foregate.schedule.state.DueExperts;
import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.InFlightCopies;

/** Which of the experts that are not there the CPU computes, straight from host memory. */
final class HostShare {
  private final long[] bytes;
  private final ExpertCache cache;
  private final DueExperts due;
  private final CostModel costs;
  private final InFlightCopies inFlight;

  /** Indexes of the due experts that are not resident, those first of which most is to come. */
  private final int[] away;

  private int count;

  HostShare(SchedulerState state) {
    bytes = state.bytes;
    cache = state.cache;
    due = state.due;
    costs = state.costs;
    inFlight = state.inFlight;
    away = new int[state.grid.experts()];
  }

  /**
   * Leaves to the CPU as many of the experts that are not there as makes the layer end soonest. It
   * then works while the others are copied.
   *
   * @param link expected nanoseconds until the link is free
   */
  void choose(int layer, double link) {
    collect(layer);
    int best = costs.hostKnown() ? soonest(layer, link) : Math.min(1, count); // to measure it
    for (int i = 0; i < best; i++) {
      due.sendToHost(away[i]);
    }
  }

  private void collect(int layer) {
    count = 0;
    for (int i = due.count() - 1; i >= 0; i--) {
      if (!cache.resident(due.id(i))) {
        int at = count++;
        while (at > 0 && rest(layer, away[at - 1]) < rest(layer, i)) {
          away[at] = away[at - 1];
          at--;
        }
        away[at] = i;
      }
    }
  }

  /** Bytes of a due expert that have not arrived. */
  private long rest(int layer, int index) {
    int id = due.id(index);
    return cache.absent(id) ? bytes[layer] : bytes[layer] - inFlight.bytes(id);
  }

  private int soonest(int layer, double link) {
    double copies = link;
    for (int i = 0; i < count; i++) {
      copies += costs.copyNanos(rest(layer, away[i]));
    }
    double device = costs.expertNanos();
    double resident = (due.count() - count) * device;
    int best = 0;
    double soonest = Double.MAX_VALUE;
    for (int sent = 0; sent <= count; sent++) {
      boolean waits = sent < count;
      double end =
          Math.max(resident + sent * costs.hostExpertNanos(), waits ? copies : 0)
              + (waits ? device : 0);
      if (end < soonest) {
        soonest = end;
        best = sent;
      }
      if (waits) {
        copies -= costs.copyNanos(rest(layer, away[sent]));
      }
    }
    return best;
  }
}

package io.foregate.schedule;

import io.foregate.schedule.policy.Candidates;
import io.foregate.schedule.policy.Prefetcher;
import io.foregate.schedule.policy.SchedulerState;
import io.foregate.schedule.policy.SlotDivision;
import io.foregate.schedule.state.CostModel;
import io.foregate.schedule.state.Counters;
import io.foregate.schedule.state.DueExperts;
import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.Failures;
import io.foregate.schedule.state.InFlightCopies;
import java.util.Arrays;

/**
 * Which copy starts next, and what follows when it has ended: what is due comes first, then what
 * the policy prefetches.
 */
final class Copies {
  private final ExpertGrid grid;
  private final SlotDivision division;
  private final Prefetcher prefetcher;
  private final long[] bytes;
  private final ScheduleListener listener;
  private final ExpertCache cache;
  private final Candidates candidates;
  private final CostModel costs;
  private final DueExperts due;
  private final InFlightCopies inFlight;
  private final Failures failures;
  private final Counters counters;
  private final Requests requests;
  private final Evictor evictor;
  private final WriteBacks writeBacks;
  private final CopyOrder[] orders;

  /**
   * @param streams copies that may be in flight at once
   */
  Copies(
      SchedulerState state,
      int streams,
      Requests requests,
      Evictor evictor,
      WriteBacks writeBacks,
      ScheduleListener listener) {
    grid = state.grid;
    division = state.policy.division();
    prefetcher = state.policy.prefetch().over(state);
    bytes = state.bytes;
    cache = state.cache;
    candidates = state.candidates;
    costs = state.costs;
    due = state.due;
    inFlight = state.inFlight;
    failures = state.failures;
    counters = state.counters;
    this.requests = requests;
    this.evictor = evictor;
    this.writeBacks = writeBacks;
    this.listener = listener;
    orders = new CopyOrder[streams];
    Arrays.setAll(orders, i -> new CopyOrder());
  }

  /** See {@link Scheduler#nextCopy}. */
  CopyOrder next(long now) {
    CopyOrder order = idleOrder();
    if (order == null) {
      return null;
    }
    if (!writeBacks.isEmpty()) {
      return startWriteBack(order, now);
    }
    int id = missingExpert();
    if (id != ExpertCache.NONE) {
      if (failures.fatal()) {
        return null;
      }
      if (!cache.absent(id)) {
        return order(order, id, false, bytes[grid.layer(id)], now);
      }
      return makeRoom(id, now) ? start(order, id, false, now) : null;
    }
    return prefetched(order, now);
  }

  private CopyOrder idleOrder() {
    for (CopyOrder order : orders) {
      if (!order.active) {
        return order;
      }
    }
    return null;
  }

  /** Expected time until the link is free. */
  double nanosInFlight(long now) {
    double longest = 0;
    for (CopyOrder order : orders) {
      if (order.active) {
        double whole = costs.copyNanos(order.bytes);
        longest = Math.max(longest, whole - (now - order.start));
      }
    }
    return longest;
  }

  private CopyOrder startWriteBack(CopyOrder order, long now) {
    order.expert = writeBacks.expert();
    order.slot = writeBacks.slot();
    order.from = 0;
    order.bytes = bytes[grid.layer(order.expert)];
    order.writeBack = true;
    order.speculative = false;
    order.active = true;
    order.start = now;
    writeBacks.remove();
    return order;
  }

  /** An expert that is due and not on its way: one of which a part is there, else an absent one. */
  private int missingExpert() {
    int missing = ExpertCache.NONE;
    for (int i = 0; i < due.count(); i++) {
      int id = due.id(i);
      if (due.waits(i) && !due.onHost(i) && !cache.resident(id) && !inFlight.contains(id)) {
        if (!cache.absent(id)) {
          return id;
        }
        missing = missing == ExpertCache.NONE ? id : missing;
      }
    }
    return missing;
  }

  /** Sees to it that there is a free slot for an expert that is due. */
  private boolean makeRoom(int id, long now) {
    if (cache.freeSlots() == 0) {
      int victim = prefetcher.stagedInVain();
      if (victim == ExpertCache.NONE) {
        victim = division.victim(candidates, grid.layer(id));
      }
      if (victim != ExpertCache.NONE) {
        evictor.evict(victim, now);
      } else {
        giveUpPrefetch();
      }
    }
    return cache.freeSlots() > 0;
  }

  /** Frees the slot of a paused prefetch, if there is one that is not due. */
  private void giveUpPrefetch() {
    for (int i = 0; i < inFlight.pausedCount(); i++) {
      int id = inFlight.paused(i);
      if (!due.needed()[id]) {
        evictor.giveUp(id);
        return;
      }
    }
  }

  private CopyOrder start(CopyOrder order, int id, boolean speculative, long now) {
    cache.load(id, speculative && prefetcher.stages());
    inFlight.begin(id);
    evictor.loading(id);
    requests.met(id);
    if (failures.retries(id)) {
      counters.retries++;
    }
    if (speculative) {
      counters.speculativeCopies++;
    } else {
      counters.demandCopies++;
    }
    int layer = grid.layer(id);
    candidates.changed(layer);
    evictor.trim(layer, now);
    long most = speculative ? prefetcher.part(layer) : bytes[layer];
    return order(order, id, speculative, most, now);
  }

  /** Orders what is still to come of an expert, or at most {@code most} bytes of it. */
  private CopyOrder order(CopyOrder order, int id, boolean speculative, long most, long now) {
    order.expert = id;
    order.slot = cache.slot(id);
    order.from = inFlight.bytes(id);
    order.bytes = Math.min(most, bytes[grid.layer(id)] - order.from);
    order.writeBack = false;
    order.speculative = speculative;
    order.active = true;
    order.start = now;
    inFlight.depart(id);
    return order;
  }

  private CopyOrder prefetched(CopyOrder order, long now) {
    int id = prefetcher.next(evictor, now);
    if (id == ExpertCache.NONE) {
      return null;
    }
    if (!cache.absent(id)) {
      return order(order, id, true, prefetcher.part(grid.layer(id)), now);
    }
    return cache.freeSlots() > 0 ? start(order, id, true, now) : null;
  }

  /** See {@link Scheduler#copyDone}. */
  void done(CopyOrder order, long now) {
    order.active = false;
    long nanos = now - order.start;
    listener.copied(order, order.start, now, false);
    if (order.writeBack) {
      counters.writeBacks++;
      counters.writeBackBytes += order.bytes;
      cache.freeSlot(order.slot);
      return;
    }
    int id = order.expert;
    costs.copied(order.bytes, nanos);
    counters.copiedBytes += order.bytes;
    counters.copyNanos += nanos;
    inFlight.arrive(id, order.bytes, nanos);
    if (inFlight.bytes(id) < bytes[grid.layer(id)]) {
      inFlight.pause(id);
      return;
    }
    failures.copied(id);
    cache.loaded(id);
    if (due.needed()[id]) {
      evictor.markUsed(id);
      return;
    }
    if (cache.evictable(id)) {
      candidates.released(grid.layer(id), id);
    }
    evictor.trim(grid.layer(id), now); // it came too late
  }

  /** See {@link Scheduler#copyFailed}. */
  void failed(CopyOrder order, Throwable cause, long now) {
    order.active = false;
    counters.failedCopies++;
    listener.copied(order, order.start, now, true);
    if (order.writeBack) {
      cache.freeSlot(order.slot); // the host has the expert anyway
      return;
    }
    int id = order.expert;
    counters.wastedBytes += inFlight.bytes(id);
    inFlight.giveUp(id);
    cache.failed(id);
    failures.failed(id, due.needed()[id], cause);
    candidates.changed(grid.layer(id));
  }
}

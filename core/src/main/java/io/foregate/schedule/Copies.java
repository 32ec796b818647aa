package io.foregate.schedule;

import io.foregate.schedule.Policy.Prefetch;
import java.util.Arrays;

/**
 * Which copy starts next, and what follows when it has ended: what is due comes first, then what
 * the policy prefetches.
 */
final class Copies {
  private final ExpertGrid grid;
  private final Policy policy;
  private final long[] bytes;
  private final ScheduleListener listener;
  private final ExpertCache cache;
  private final Outlook outlook;
  private final LayerOutlook layers;
  private final Clockwork clockwork;
  private final CostModel costs;
  private final DueExperts due;
  private final Arrivals arrivals;
  private final Failures failures;
  private final Tally tally;
  private final Requests requests;
  private final Speculation speculation;
  private final Staging staging;
  private final Room room;
  private final WriteBacks writeBacks;
  private final CopyOrder[] orders;

  /**
   * @param streams copies that may be in flight at once
   */
  Copies(
      Shared shared,
      int streams,
      Requests requests,
      Speculation speculation,
      Room room,
      WriteBacks writeBacks) {
    grid = shared.grid();
    policy = shared.policy();
    bytes = shared.bytes();
    listener = shared.listener();
    cache = shared.cache();
    outlook = shared.outlook();
    layers = shared.layers();
    clockwork = shared.clockwork();
    costs = shared.costs();
    due = shared.due();
    arrivals = shared.arrivals();
    failures = shared.failures();
    tally = shared.tally();
    staging = new Staging(shared);
    this.requests = requests;
    this.speculation = speculation;
    this.room = room;
    this.writeBacks = writeBacks;
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
      return makeRoom(id, now) ? start(order, id, false, false, now) : null;
    }
    return switch (policy.prefetch()) {
      case NOTHING -> null;
      case NEXT_LAYER -> stageNext(order, now);
      case VALUE -> guess(order, now);
      case EVERYTHING -> fill(order, now);
    };
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
      if (due.waits(i) && !due.onHost(i) && !cache.resident(id) && !arrivals.flying(id)) {
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
      int victim =
          switch (policy.scope()) {
            case NOTHING -> ExpertCache.NONE;
            case LAYER -> staleOrOwn(grid.layer(id));
            case GLOBAL -> speculation.victimForDemand();
          };
      if (victim != ExpertCache.NONE) {
        room.evict(victim, now);
      } else {
        giveUpAGuess();
      }
    }
    return cache.freeSlots() > 0;
  }

  private int staleOrOwn(int layer) {
    int staged = staging.inVain(true);
    return staged != ExpertCache.NONE ? staged : layers.victim(layer);
  }

  /** Frees the slot of a paused guess, if there is one that is not due. */
  private void giveUpAGuess() {
    for (int i = 0; i < arrivals.pausedCount(); i++) {
      int id = arrivals.paused(i);
      if (!due.needed()[id]) {
        room.giveUp(id);
        return;
      }
    }
  }

  private CopyOrder start(CopyOrder order, int id, boolean speculative, boolean stage, long now) {
    cache.load(id, stage);
    arrivals.begin(id);
    room.loading(id);
    requests.met(id);
    if (failures.retries(id)) {
      tally.retries++;
    }
    if (speculative) {
      tally.speculativeCopies++;
    } else {
      tally.demandCopies++;
    }
    int layer = grid.layer(id);
    layers.changed(layer);
    room.trim(layer, now);
    boolean inParts = speculative && policy.prefetch() == Prefetch.VALUE;
    return order(
        order, id, speculative, inParts ? speculation.partBytes(layer) : bytes[layer], now);
  }

  /** Orders what is still to come of an expert, or at most {@code most} bytes of it. */
  private CopyOrder order(CopyOrder order, int id, boolean speculative, long most, long now) {
    order.expert = id;
    order.slot = cache.slot(id);
    order.from = arrivals.bytes(id);
    order.bytes = Math.min(most, bytes[grid.layer(id)] - order.from);
    order.writeBack = false;
    order.speculative = speculative;
    order.active = true;
    order.start = now;
    arrivals.depart(id);
    return order;
  }

  /** Mixtral-offloading's rule: the likeliest experts of the next layer, once this one has its. */
  private CopyOrder stageNext(CopyOrder order, long now) {
    int target = (clockwork.layer() + 1) % grid.layers();
    if (!outlook.fresh(target) || demandLoads()) {
      return null;
    }
    int id = staging.likeliestAbsent(target);
    if (id == ExpertCache.NONE) {
      return null;
    }
    if (cache.freeSlots() == 0) {
      int staged = staging.inVain(false);
      if (staged == ExpertCache.NONE) {
        return null;
      }
      room.evict(staged, now);
    }
    return cache.freeSlots() > 0 ? start(order, id, true, true, now) : null;
  }

  private boolean demandLoads() {
    for (int i = 0; i < due.count(); i++) {
      if (due.waits(i) && !cache.resident(due.id(i)) && !due.onHost(i)) {
        return true;
      }
    }
    return false;
  }

  private CopyOrder guess(CopyOrder order, long now) {
    int id = speculation.choose();
    while (speculation.hopeless() != ExpertCache.NONE) {
      room.giveUp(speculation.hopeless());
      id = speculation.choose();
    }
    if (id == ExpertCache.NONE) {
      return null;
    }
    if (!cache.absent(id)) {
      return order(order, id, true, speculation.partBytes(grid.layer(id)), now);
    }
    if (speculation.victim() != ExpertCache.NONE) {
      room.evict(speculation.victim(), now);
    }
    return cache.freeSlots() > 0 ? start(order, id, true, false, now) : null;
  }

  private CopyOrder fill(CopyOrder order, long now) {
    for (int id = 0; id < grid.total() && cache.freeSlots() > 0; id++) {
      if (cache.absent(id) && !failures.barred()[id]) {
        return start(order, id, true, false, now);
      }
    }
    return null;
  }

  /** See {@link Scheduler#copyDone}. */
  void done(CopyOrder order, long now) {
    order.active = false;
    long nanos = now - order.start;
    listener.copied(order, order.start, now, false);
    if (order.writeBack) {
      tally.writeBacks++;
      tally.writeBackBytes += order.bytes;
      cache.freeSlot(order.slot);
      return;
    }
    int id = order.expert;
    costs.copied(order.bytes, nanos);
    tally.copiedBytes += order.bytes;
    tally.copyNanos += nanos;
    arrivals.arrive(id, order.bytes, nanos);
    if (arrivals.bytes(id) < bytes[grid.layer(id)]) {
      arrivals.pause(id);
      return;
    }
    failures.copied(id);
    cache.loaded(id);
    if (due.needed()[id]) {
      room.markUsed(id);
      return;
    }
    if (cache.evictable(id)) {
      layers.released(grid.layer(id), id);
    }
    room.trim(grid.layer(id), now); // it came too late
  }

  /** See {@link Scheduler#copyFailed}. */
  void failed(CopyOrder order, Throwable cause, long now) {
    order.active = false;
    tally.failedCopies++;
    listener.copied(order, order.start, now, true);
    if (order.writeBack) {
      cache.freeSlot(order.slot); // the host has the expert anyway
      return;
    }
    int id = order.expert;
    tally.wastedBytes += arrivals.bytes(id);
    arrivals.giveUp(id);
    cache.failed(id);
    failures.failed(id, due.needed()[id], cause);
    layers.changed(grid.layer(id));
  }
}

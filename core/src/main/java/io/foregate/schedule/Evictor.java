package io.foregate.schedule;

import io.foregate.schedule.policy.Candidates;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.policy.Prefetcher;
import io.foregate.schedule.policy.SchedulerState;
import io.foregate.schedule.state.Counters;
import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;
import io.foregate.schedule.state.InFlightCopies;
import java.util.Arrays;

/** Makes room in the cache as the policy says, and keeps account of what goes. */
final class Evictor implements Prefetcher.Room {
  private final ExpertGrid grid;
  private final long[] bytes;
  private final ExpertCache cache;
  private final Candidates candidates;
  private final InFlightCopies inFlight;
  private final WriteBacks writeBacks;
  private final Counters counters;
  private final ScheduleListener listener;
  private final boolean[] used;
  private final int[] quota;
  private final boolean writesBack;

  Evictor(SchedulerState state, WriteBacks writeBacks, ScheduleListener listener) {
    grid = state.grid;
    Policy policy = state.policy;
    writesBack = policy.eviction().writesBack();
    bytes = state.bytes;
    cache = state.cache;
    candidates = state.candidates;
    inFlight = state.inFlight;
    counters = state.counters;
    this.writeBacks = writeBacks;
    this.listener = listener;
    used = new boolean[grid.total()];
    quota = new int[grid.layers()];
    Arrays.setAll(quota, layer -> policy.division().quota(grid, cache.slots(), layer));
  }

  /** Whether whatever has become resident stays so. */
  boolean keepsAll() {
    return Arrays.stream(quota).allMatch(share -> share == grid.experts());
  }

  /** An expert begins to load: its copy has not been of use yet. */
  void loading(int id) {
    used[id] = false;
  }

  /** Whether the use of an expert has to pay for a copy: it is not there, or was copied for it. */
  boolean costsCopy(int id) {
    return !cache.resident(id) || !used[id];
  }

  /** The copy that brought an expert was not in vain. */
  void markUsed(int id) {
    if (!used[id]) {
      used[id] = true;
      counters.usedCopyNanos += inFlight.nanos(id);
    }
  }

  /** Evicts a layer's experts that are more than its share, least valuable first. */
  void trim(int layer, long now) {
    while (cache.members(layer) > quota[layer]) {
      int victim = candidates.victim(layer);
      if (victim == ExpertCache.NONE) {
        return;
      }
      evict(victim, now);
    }
  }

  /** Takes a resident expert out of its slot, which is free then, or once it is written back. */
  @Override
  public void evict(int id, long now) {
    int slot = cache.evict(id);
    candidates.changed(grid.layer(id));
    counters.evictions++;
    if (!used[id]) {
      counters.wastedBytes += bytes[grid.layer(id)];
    }
    listener.evicted(id, slot, used[id], now);
    if (writesBack) {
      writeBacks.add(id, slot);
    } else {
      cache.freeSlot(slot);
    }
  }

  @Override
  public void giveUp(int paused) {
    counters.wastedBytes += inFlight.bytes(paused);
    counters.cancelledRequests++;
    inFlight.giveUp(paused);
    cache.failed(paused);
    candidates.changed(grid.layer(paused));
  }
}

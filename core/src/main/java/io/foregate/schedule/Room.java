package io.foregate.schedule;

/** Makes room in the cache as the policy says, and keeps account of what goes. */
final class Room {
  private final ExpertGrid grid;
  private final Policy policy;
  private final long[] bytes;
  private final ExpertCache cache;
  private final LayerOutlook layers;
  private final Arrivals arrivals;
  private final WriteBacks writeBacks;
  private final Tally tally;
  private final ScheduleListener listener;
  private final boolean[] used;
  private final int[] quota;

  Room(Shared shared, WriteBacks writeBacks) {
    grid = shared.grid();
    policy = shared.policy();
    bytes = shared.bytes();
    cache = shared.cache();
    layers = shared.layers();
    arrivals = shared.arrivals();
    tally = shared.tally();
    listener = shared.listener();
    this.writeBacks = writeBacks;
    used = new boolean[grid.total()];
    quota = quotas(grid, policy, cache.slots());
  }

  /** Slots of each layer: what staging leaves, divided evenly, the remainder to the first ones. */
  private static int[] quotas(ExpertGrid grid, Policy policy, int slots) {
    int[] quota = new int[grid.layers()];
    int kept = slots - policy.staging();
    for (int l = 0; l < quota.length; l++) {
      quota[l] =
          switch (policy.scope()) {
            case NOTHING -> 0;
            case LAYER ->
                Math.min(grid.experts(), kept / grid.layers() + (l < kept % grid.layers() ? 1 : 0));
            case GLOBAL -> grid.experts();
          };
    }
    return quota;
  }

  /** An expert begins to load: its copy has not been of use yet. */
  void loading(int id) {
    used[id] = false;
  }

  /** The copy that brought an expert was not in vain. */
  void markUsed(int id) {
    if (!used[id]) {
      used[id] = true;
      tally.usedCopyNanos += arrivals.nanos(id);
    }
  }

  /** Evicts a layer's experts that are more than its share, least valuable first. */
  void trim(int layer, long now) {
    while (cache.members(layer) > quota[layer]) {
      int victim = layers.victim(layer);
      if (victim == ExpertCache.NONE) {
        return;
      }
      evict(victim, now);
    }
  }

  /** Takes a resident expert out of its slot, which is free then, or once it is written back. */
  void evict(int id, long now) {
    int slot = cache.evict(id);
    layers.changed(grid.layer(id));
    tally.evictions++;
    if (!used[id]) {
      tally.wastedBytes += bytes[grid.layer(id)];
    }
    listener.evicted(id, slot, used[id], now);
    if (policy.writeBack()) {
      writeBacks.add(id, slot);
    } else {
      cache.freeSlot(slot);
    }
  }

  /** Gives up a guess between two of its parts. */
  void giveUp(int paused) {
    tally.wastedBytes += arrivals.bytes(paused);
    tally.cancelledRequests++;
    arrivals.giveUp(paused);
    cache.failed(paused);
    layers.changed(grid.layer(paused));
  }
}

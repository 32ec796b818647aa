package io.foregate.schedule.policy;

import io.foregate.schedule.state.ExpertCache;

/**
 * A {@link Prefetch} at work for one scheduler, which asks it whenever nothing that is due waits.
 */
public interface Prefetcher {
  /** What a prefetcher may do to the cache. */
  interface Room {
    /** Takes a resident expert out of its slot. */
    void evict(int id, long now);

    /** Gives up a prefetch between two of its parts. */
    void giveUp(int paused);
  }

  /**
   * The expert to copy now, or of which to go on copying; {@link ExpertCache#NONE} when waiting is
   * better. For one that is absent it has made room, if that is possible at once.
   */
  int next(Room room, long now);

  /** The most bytes of a layer's expert that are copied before everything is decided anew. */
  default long part(int layer) {
    return Long.MAX_VALUE;
  }

  /** Whether what it fetches counts as staged, and joins its layer only when it is used. */
  default boolean stages() {
    return false;
  }

  /** A staged expert that goes for one that is due, before the slots' division is asked. */
  default int stagedInVain() {
    return ExpertCache.NONE;
  }
}

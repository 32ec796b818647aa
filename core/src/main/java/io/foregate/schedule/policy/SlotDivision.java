package io.foregate.schedule.policy;

import io.foregate.schedule.state.ExpertGrid;

/** What the cache's slots are divided into, and so who makes room for an expert that is due. */
public interface SlotDivision {
  /** The fewest slots that it works with. */
  default int leastSlots(ExpertGrid grid) {
    return grid.used();
  }

  /** Why it needs so many; completes "needs room for 2". */
  default String why(ExpertGrid grid) {
    return ": the %d that a token uses in a layer".formatted(grid.used());
  }

  /** Whether every expert has a slot for good, so that none is ever moved. */
  default boolean keepsAll() {
    return false;
  }

  /** How many experts a layer may keep once they have run. */
  int quota(ExpertGrid grid, int slots, int layer);

  /**
   * Who goes for an expert of a layer that is due, when no slot is free.
   *
   * @return {@link io.foregate.schedule.state.ExpertCache#NONE} when nobody can
   */
  int victim(Candidates candidates, int layer);
}

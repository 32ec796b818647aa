package io.foregate.schedule.policy;

import io.foregate.schedule.state.ExpertGrid;

/** One pool for all layers. */
public record SharedPool() implements SlotDivision {
  @Override
  public int quota(ExpertGrid grid, int slots, int layer) {
    return grid.experts();
  }

  @Override
  public int victim(Candidates candidates, int layer) {
    return candidates.cheapest();
  }
}

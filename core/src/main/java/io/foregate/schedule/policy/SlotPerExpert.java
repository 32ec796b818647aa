package io.foregate.schedule.policy;

import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;

/** Every expert has a slot of its own, for good. */
public record SlotPerExpert() implements SlotDivision {
  @Override
  public int leastSlots(ExpertGrid grid) {
    return grid.total();
  }

  @Override
  public String why(ExpertGrid grid) {
    return ": it keeps all of them resident";
  }

  @Override
  public boolean keepsAll() {
    return true;
  }

  @Override
  public int quota(ExpertGrid grid, int slots, int layer) {
    return grid.experts();
  }

  @Override
  public int victim(Candidates candidates, int layer) {
    return ExpertCache.NONE;
  }
}

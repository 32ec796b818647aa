package io.foregate.schedule.policy;

import io.foregate.schedule.state.ExpertCache;
import io.foregate.schedule.state.ExpertGrid;

/** Nothing is kept: an expert's slot is free again as soon as the expert has run. */
public record NoCaching() implements SlotDivision {
  @Override
  public int quota(ExpertGrid grid, int slots, int layer) {
    return 0;
  }

  @Override
  public int victim(Candidates candidates, int layer) {
    return ExpertCache.NONE;
  }
}

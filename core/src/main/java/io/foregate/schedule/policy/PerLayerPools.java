package io.foregate.schedule.policy;

import io.foregate.schedule.state.ExpertGrid;

/**
 * Each layer has its own share of the slots.
 *
 * @param staging slots kept free, within the same budget, so that copies can start at once
 */
public record PerLayerPools(int staging) implements SlotDivision {
  @Override
  public int leastSlots(ExpertGrid grid) {
    return Math.min(grid.used() + staging, grid.total());
  }

  @Override
  public String why(ExpertGrid grid) {
    return SlotDivision.super.why(grid) + " and %d to stage".formatted(staging);
  }

  /** What staging leaves, divided evenly, the remainder to the first layers. */
  @Override
  public int quota(ExpertGrid grid, int slots, int layer) {
    int kept = slots - staging;
    int even = kept / grid.layers() + (layer < kept % grid.layers() ? 1 : 0);
    return Math.min(grid.experts(), even);
  }

  @Override
  public int victim(Candidates candidates, int layer) {
    return candidates.victim(layer);
  }
}

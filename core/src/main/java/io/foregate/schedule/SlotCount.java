package io.foregate.schedule;

import io.foregate.error.ForegateException;
import io.foregate.options.SlotBudget;
import io.foregate.placement.DeviceBudget;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;

/** How many slots a budget of device memory is. */
public final class SlotCount {
  private SlotCount() {}

  /**
   * The slots of a budget, at most one per expert.
   *
   * @param slotBytes bytes of one slot
   * @throws ForegateException when fewer than {@code policy} needs
   */
  public static int of(SlotBudget budget, ExpertGrid grid, long slotBytes, Policy policy) {
    long found =
        switch (budget) {
          case SlotBudget.Count count -> count.slots();
          case SlotBudget.Percent percent -> Math.round(grid.total() * percent.percent() / 100);
          case SlotBudget.Bytes bytes ->
              DeviceBudget.experts(bytes.bytes(), slotBytes, grid.total());
          case SlotBudget.Auto _ -> throw SlotBudget.noDevice();
        };
    int slots = (int) Math.min(found, grid.total());
    int least = policy.leastSlots(grid);
    if (slots < least) {
      throw new ForegateException(
          "%s of device memory %s %d of the model's %d experts, but policy %s needs room for %d%s."
              .formatted(
                  budget.describe(),
                  budget.isOne() ? "holds" : "hold",
                  slots,
                  grid.total(),
                  policy.name(),
                  least,
                  policy.division().why(grid)),
          "Give at least [[slots=%d]] (%d bytes), or another [[policy]]."
              .formatted(least, least * slotBytes));
    }
    return slots;
  }
}

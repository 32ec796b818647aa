package io.foregate.schedule;

import io.foregate.schedule.state.ExpertGrid;

/**
 * Hears what the scheduler does, as it happens; times are those that the driver passed in. Called
 * while the driver holds its lock: be quick, and do not call back. Experts are numbered as in
 * {@link ExpertGrid}, and layers among those that a store has packed.
 */
public interface ScheduleListener {
  /** Hears nothing. */
  ScheduleListener NONE = new ScheduleListener() {};

  /** A copy has ended; {@code order} is valid during the call. */
  default void copied(CopyOrder order, long start, long end, boolean failed) {}

  /** The compute thread waited for experts of a layer. */
  default void stalled(int packed, long start, long end) {}

  /** Experts ran. */
  default void computed(int packed, int experts, boolean onHost, long start, long end) {}

  /** An expert lost its slot. */
  default void evicted(int expert, int slot, boolean used, long now) {}

  /** A layer was routed at {@code routed}, and its experts were combined at {@code end}. */
  default void layer(int packed, int tokens, long routed, long end) {}
}

package io.foregate.engine.experts;

import io.foregate.schedule.CopyOrder;
import io.foregate.schedule.ScheduleListener;

/** Lets two listen. */
record Listeners(ScheduleListener first, ScheduleListener second) implements ScheduleListener {
  @Override
  public void copied(CopyOrder order, long start, long end, boolean failed) {
    first.copied(order, start, end, failed);
    second.copied(order, start, end, failed);
  }

  @Override
  public void stalled(int layer, long start, long end) {
    first.stalled(layer, start, end);
    second.stalled(layer, start, end);
  }

  @Override
  public void computed(int layer, int experts, boolean onHost, long start, long end) {
    first.computed(layer, experts, onHost, start, end);
    second.computed(layer, experts, onHost, start, end);
  }

  @Override
  public void evicted(int expert, int slot, boolean used, long now) {
    first.evicted(expert, slot, used, now);
    second.evicted(expert, slot, used, now);
  }

  @Override
  public void layer(int layer, int tokens, long routed, long end) {
    first.layer(layer, tokens, routed, end);
    second.layer(layer, tokens, routed, end);
  }
}

package io.foregate.engine.experts;

import io.foregate.schedule.CopyOrder;
import io.foregate.schedule.ScheduleListener;
import io.foregate.schedule.state.ExpertGrid;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * Tells Java Flight Recorder what the scheduler does. An event is committed when what it speaks of
 * has ended, and its field {@code took} says how long that was. Costs next to nothing while nobody
 * records.
 */
final class JfrEvents implements ScheduleListener {
  private final ExpertGrid grid;

  JfrEvents(ExpertGrid grid) {
    this.grid = grid;
  }

  @Name("foregate.Layer")
  @Label("Layer")
  @Category("Foregate")
  @StackTrace(false)
  static final class LayerEvent extends Event {
    @Label("Layer")
    int layer;

    @Label("Tokens")
    int tokens;

    @Label("Took")
    @Timespan(Timespan.NANOSECONDS)
    long took;
  }

  @Name("foregate.Copy")
  @Label("Expert Copy")
  @Category("Foregate")
  @StackTrace(false)
  static final class CopyEvent extends Event {
    @Label("Layer")
    int layer;

    @Label("Expert")
    int expert;

    @Label("Slot")
    int slot;

    @Label("Bytes")
    long bytes;

    @Label("Speculative")
    boolean speculative;

    @Label("Write-Back")
    boolean writeBack;

    @Label("Failed")
    boolean failed;

    @Label("Took")
    @Timespan(Timespan.NANOSECONDS)
    long took;
  }

  @Name("foregate.Stall")
  @Label("Stall")
  @Category("Foregate")
  @StackTrace(false)
  static final class StallEvent extends Event {
    @Label("Layer")
    int layer;

    @Label("Took")
    @Timespan(Timespan.NANOSECONDS)
    long took;
  }

  @Name("foregate.Eviction")
  @Label("Eviction")
  @Category("Foregate")
  @StackTrace(false)
  static final class EvictionEvent extends Event {
    @Label("Layer")
    int layer;

    @Label("Expert")
    int expert;

    @Label("Slot")
    int slot;

    @Label("Used")
    boolean used;
  }

  @Override
  public void layer(int layer, int tokens, long routed, long end) {
    var event = new LayerEvent();
    if (event.isEnabled()) {
      event.layer = layer;
      event.tokens = tokens;
      event.took = end - routed;
      event.commit();
    }
  }

  @Override
  public void copied(CopyOrder order, long start, long end, boolean failed) {
    var event = new CopyEvent();
    if (event.isEnabled()) {
      event.layer = grid.layer(order.expert());
      event.expert = grid.expert(order.expert());
      event.slot = order.slot();
      event.bytes = order.bytes();
      event.speculative = order.speculative();
      event.writeBack = order.writeBack();
      event.failed = failed;
      event.took = end - start;
      event.commit();
    }
  }

  @Override
  public void stalled(int layer, long start, long end) {
    var event = new StallEvent();
    if (event.isEnabled()) {
      event.layer = layer;
      event.took = end - start;
      event.commit();
    }
  }

  @Override
  public void evicted(int expert, int slot, boolean used, long now) {
    var event = new EvictionEvent();
    if (event.isEnabled()) {
      event.layer = grid.layer(expert);
      event.expert = grid.expert(expert);
      event.slot = slot;
      event.used = used;
      event.commit();
    }
  }
}

package io.foregate.tornado.copy;

import io.foregate.backend.ExpertSlots;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.ModelWeights;
import io.foregate.store.layout.ExpertLayer;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PackedLayers;
import io.foregate.store.layout.PlaneLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Future;

/** Equal slots in the pool of a {@link DeviceMemory}. */
public final class DeviceExperts implements ExpertSlots {
  private final DeviceMemory memory;
  private final int count;
  private final long slotBytes;

  public DeviceExperts(DeviceMemory memory, int count, long slotBytes) {
    this.memory = memory;
    this.count = count;
    this.slotBytes = slotBytes;
  }

  /**
   * Fills the slots with all experts of packed layers, {@code layer * experts + expert}, packed
   * layers alone being counted.
   */
  public void load(ModelWeights weights, PlaneLayout layout, PackedLayers packed) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment record = arena.allocate(slotBytes, PlaneLayout.ALIGNMENT);
      int slot = 0;
      for (ExpertLayer at : packed.layers()) {
        var routed = (FeedForward.Routed) weights.layers().get(at.model()).feedForward();
        ExpertShape shape = packed.shapes().get(at.packed());
        long bytes = layout.recordBytes(shape);
        for (int e = 0; e < routed.experts().gate().size(); e++) {
          layout.pack(shape, ExpertWeights.of(routed.experts(), e), record);
          copy(record, 0, bytes, slot);
          slot++;
        }
      }
    }
  }

  public int slotWords() {
    return (int) (slotBytes / 4);
  }

  @Override
  public Future<?> copying(String name, Runnable work) {
    return memory.start(work).orElseGet(() -> ExpertSlots.super.copying(name, work));
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public long slotBytes() {
    return slotBytes;
  }

  @Override
  public void copy(MemorySegment record, long from, long bytes, int slot) {
    memory.write(record, from, bytes, slot * slotWords() + (int) (from / 4));
  }

  @Override
  public void copyBack(int slot, MemorySegment record) {
    memory.read(slot * slotWords(), record);
  }

  @Override
  public void close() {
    memory.close();
  }
}

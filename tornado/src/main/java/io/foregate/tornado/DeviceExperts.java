package io.foregate.tornado;

import io.foregate.backend.ExpertSlots;
import io.foregate.model.FeedForward;
import io.foregate.model.ModelWeights;
import io.foregate.store.ExpertShape;
import io.foregate.store.ExpertWeights;
import io.foregate.store.PackedLayers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Equal slots in the pool of a {@link DeviceMemory}. */
final class DeviceExperts implements ExpertSlots {
  private final DeviceMemory memory;
  private final int count;
  private final long slotBytes;

  DeviceExperts(DeviceMemory memory, int count, long slotBytes) {
    this.memory = memory;
    this.count = count;
    this.slotBytes = slotBytes;
  }

  /**
   * Fills the slots with all experts of packed layers, {@code layer * experts + expert}, packed
   * layers alone being counted.
   */
  void load(ModelWeights weights, PlaneLayout layout, PackedLayers packed) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment record = arena.allocate(slotBytes, PlaneLayout.ALIGNMENT);
      int slot = 0;
      for (int i = 0; i < packed.count(); i++) {
        var routed = (FeedForward.Routed) weights.layers().get(packed.layer(i)).feedForward();
        ExpertShape shape = packed.shapes().get(i);
        long bytes = layout.recordBytes(shape);
        for (int e = 0; e < routed.experts().gate().size(); e++) {
          layout.pack(shape, ExpertWeights.of(routed.experts(), e), record);
          copy(record, 0, bytes, slot);
          slot++;
        }
      }
    }
  }

  int slotWords() {
    return (int) (slotBytes / 4);
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

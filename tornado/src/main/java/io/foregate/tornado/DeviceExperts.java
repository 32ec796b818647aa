package io.foregate.tornado;

import io.foregate.backend.ExpertSlots;
import io.foregate.model.FeedForward;
import io.foregate.model.ModelWeights;
import io.foregate.store.ExpertShape;
import io.foregate.store.ExpertWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

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
   * Fills the slots with all experts, {@code layer * experts + expert}.
   *
   * @param shapes of the layers that have experts
   */
  void load(ModelWeights weights, PlaneLayout layout, List<ExpertShape> shapes) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment record = arena.allocate(slotBytes, PlaneLayout.ALIGNMENT);
      int slot = 0;
      int dense = weights.layers().size() - shapes.size();
      for (int layer = 0; layer < shapes.size(); layer++) {
        var routed = (FeedForward.Routed) weights.layers().get(dense + layer).feedForward();
        ExpertShape shape = shapes.get(layer);
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

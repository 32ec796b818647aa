package io.foregate.backend.cpu;

import io.foregate.backend.ExpertSlots;
import io.foregate.error.ForegateException;
import io.foregate.files.SharedMemory;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The CPU's imitation of a device's expert slots: memory of their own, into which copies are real
 * copies, as fast as the link that is to be imitated.
 */
final class SlotMemory implements ExpertSlots, CpuExpertMemory {
  private final Arena arena = Arena.ofShared();
  private final ThrottledLink link;
  private final long slotBytes;
  private final MemorySegment[] slots;

  /** Views of each slot, by layer; layers of one shape share theirs. */
  private final ExpertWeights[][] views;

  SlotMemory(int count, List<ExpertShape> shapes, ExpertLayout layout, double linkGbps) {
    this.link = new ThrottledLink(linkGbps);
    this.slotBytes = shapes.stream().mapToLong(layout::recordBytes).max().orElse(0);
    this.slots = new MemorySegment[count];
    try {
      for (int slot = 0; slot < count; slot++) {
        slots[slot] = arena.allocate(slotBytes, ExpertLayout.ALIGNMENT);
      }
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new ForegateException(
          "There is no memory for %d expert slots of %d bytes each.".formatted(count, slotBytes),
          "Ask for fewer [[slots]].");
    }
    Map<ExpertShape, ExpertWeights[]> byShape = new HashMap<>();
    this.views = new ExpertWeights[shapes.size()][];
    for (int layer = 0; layer < views.length; layer++) {
      views[layer] = byShape.computeIfAbsent(shapes.get(layer), shape -> views(layout, shape));
    }
  }

  private ExpertWeights[] views(ExpertLayout layout, ExpertShape shape) {
    ExpertWeights[] views = new ExpertWeights[slots.length];
    for (int slot = 0; slot < views.length; slot++) {
      views[slot] = layout.view(shape, slots[slot]);
    }
    return views;
  }

  @Override
  public int count() {
    return slots.length;
  }

  @Override
  public long slotBytes() {
    return slotBytes;
  }

  @Override
  public ExpertWeights weights(int layer, int place) {
    return views[layer][place];
  }

  @Override
  public void copy(MemorySegment record, long from, long bytes, int slot) {
    link.copy(record, from, slots[slot], from, bytes);
  }

  @Override
  public void copyBack(int slot, MemorySegment record) {
    link.copy(slots[slot], 0, record, 0, record.byteSize());
  }

  @Override
  public void close() {
    SharedMemory.close(arena);
  }
}

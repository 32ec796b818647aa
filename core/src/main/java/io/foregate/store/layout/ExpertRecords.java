package io.foregate.store.layout;

import java.lang.foreign.MemorySegment;

/** The experts' records, where they can be read in memory. */
public interface ExpertRecords {

  /**
   * One expert's record: read-only, and the same bytes as long as its owner is open.
   *
   * @param packed its layer, counted among the {@link PackedLayers}
   * @throws IllegalStateException if the owner is closed
   */
  MemorySegment record(int packed, int expert);
}

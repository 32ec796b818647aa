package io.foregate.store.layout;

import java.lang.foreign.MemorySegment;

/** The experts' records, where they can be read in memory. */
public interface ExpertRecords {

  /**
   * One expert's record, for reading only.
   *
   * @param packed its layer, counted among the {@link PackedLayers}
   * @throws IllegalStateException if the owner is closed
   */
  MemorySegment record(int packed, int expert);

  /**
   * Whether records stay where they are as long as their owner is open. Else each is there until
   * the same thread asks for the next one.
   */
  default boolean stay() {
    return true;
  }
}

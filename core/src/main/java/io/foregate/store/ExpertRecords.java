package io.foregate.store;

import java.lang.foreign.MemorySegment;

/** The experts' records, where they can be read in memory. */
public interface ExpertRecords {

  /**
   * One expert's record: read-only, and the same bytes as long as its owner is open.
   *
   * @throws IllegalStateException if the owner is closed
   */
  MemorySegment record(int layer, int expert);
}

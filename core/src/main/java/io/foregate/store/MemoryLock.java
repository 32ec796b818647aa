package io.foregate.store;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Keeps memory from being swapped out. */
interface MemoryLock {

  /** Locks the pages of a segment; says why if that is refused, as part of a sentence. */
  Optional<String> lock(MemorySegment memory);

  /** Unlocks what has been locked. */
  void unlock(MemorySegment memory);
}

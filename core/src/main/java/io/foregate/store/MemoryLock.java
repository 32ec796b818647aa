package io.foregate.store;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Keeps memory from being swapped out, and pages of mapped files from being dropped. */
public interface MemoryLock {

  /** The machine's. */
  static MemoryLock system() {
    return new PosixMemoryLock();
  }

  /** Locks the pages of a segment; says why if that is refused, as part of a sentence. */
  Optional<String> lock(MemorySegment memory);

  /** Unlocks what has been locked. */
  void unlock(MemorySegment memory);
}

package io.foregate.assembly;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Where a system gets memory for code from. */
interface CodePages {
  /** New memory that can be written and not be run; empty if the system has none. */
  Optional<MemorySegment> writable(long bytes);

  /** Lets memory be run and no longer be written; whether the system allows it. */
  boolean makeExecutable(MemorySegment memory);

  /** Takes the memory back. */
  void release(MemorySegment memory);
}

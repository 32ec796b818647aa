package io.foregate.bench.measure;

import io.foregate.gguf.GgufFile;
import io.foregate.store.MemoryLock;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Keeps a mapped model's pages in memory while it is measured: else whoever takes much memory
 * meanwhile pushes them out, and what reads weights from the file is timed with the disk. They are
 * locked; where the system refuses that, they are read whenever {@link #renew} is called. For one
 * thread.
 */
public final class HeldPages implements AutoCloseable {
  private final List<MemorySegment> memory;
  private final MemoryLock lock;
  private final Optional<String> refusal;

  /**
   * @param memory of mapped files, or of what need not be read again
   */
  public HeldPages(List<MemorySegment> memory, MemoryLock lock) {
    this.memory = List.copyOf(memory);
    this.lock = lock;
    this.refusal = lockAll();
    renew();
  }

  /** The pages of all tensors of a file, which must stay open meanwhile. */
  public static HeldPages of(GgufFile file) {
    return new HeldPages(file.tensors().stream().map(file::data).toList(), MemoryLock.system());
  }

  /** Locks all, or none. */
  private Optional<String> lockAll() {
    for (int i = 0; i < memory.size(); i++) {
      Optional<String> refused = lock.lock(memory.get(i));
      if (refused.isPresent()) {
        memory.subList(0, i).forEach(lock::unlock);
        return refused;
      }
    }
    return Optional.empty();
  }

  /** Why the pages are not locked, as part of a sentence; empty if they are. */
  public Optional<String> refusal() {
    return refusal;
  }

  /** Sees to it that all pages are there, as far as nobody can take them away again. */
  public void renew() {
    if (refusal.isPresent()) {
      memory.stream().filter(MemorySegment::isMapped).forEach(MemorySegment::load);
    }
  }

  @Override
  public void close() {
    if (refusal.isEmpty()) {
      memory.forEach(lock::unlock);
    }
  }
}

package io.foregate.engine;

import io.foregate.store.ExpertLayout;
import io.foregate.store.ExpertRecords;
import io.foregate.store.ExpertStore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Records of a store that is a file, read and checked into memory of the asking thread, which holds
 * one record at a time. Safe for use by many threads.
 */
final class StagedRecords implements ExpertRecords, AutoCloseable {
  private final ExpertStore store;
  private final Arena arena = Arena.ofShared();
  private final Map<Thread, MemorySegment> staging = new ConcurrentHashMap<>();

  StagedRecords(ExpertStore store) {
    this.store = store;
  }

  /** Valid until the same thread asks for the next one. */
  @Override
  public MemorySegment record(int layer, int expert) {
    MemorySegment mine = staging.get(Thread.currentThread());
    if (mine == null) {
      mine = arena.allocate(store.maxRecordBytes(), ExpertLayout.ALIGNMENT);
      staging.put(Thread.currentThread(), mine);
    }
    store.read(layer, expert, mine);
    return mine.asSlice(0, store.recordBytes(layer));
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}

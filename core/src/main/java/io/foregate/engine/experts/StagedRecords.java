package io.foregate.engine.experts;

import io.foregate.files.SharedMemory;
import io.foregate.store.ExpertStore;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Records of a store that is a file, read and checked into memory of the asking thread, which holds
 * one record at a time. Safe for use by many threads; in steady state it allocates nothing.
 */
final class StagedRecords implements ExpertRecords, AutoCloseable {
  private final ExpertStore store;
  private final Arena arena = Arena.ofShared();
  private final Map<Thread, Staging> staging = new ConcurrentHashMap<>();

  /**
   * One thread's memory.
   *
   * @param whole room for any record
   * @param parts the beginning of it that is as long as a record of each layer
   */
  private record Staging(MemorySegment whole, MemorySegment[] parts) {}

  StagedRecords(ExpertStore store) {
    this.store = store;
  }

  /** Valid until the same thread asks for the next one. */
  @Override
  public MemorySegment record(int layer, int expert) {
    Staging mine = staging.get(Thread.currentThread());
    if (mine == null) {
      mine = staging();
      staging.put(Thread.currentThread(), mine);
    }
    store.read(layer, expert, mine.whole());
    return mine.parts()[layer];
  }

  @Override
  public boolean stay() {
    return false;
  }

  private Staging staging() {
    MemorySegment whole = arena.allocate(store.maxRecordBytes(), ExpertLayout.ALIGNMENT);
    var parts = new MemorySegment[store.layers()];
    for (int layer = 0; layer < store.layers(); layer++) {
      parts[layer] = whole.asSlice(0, store.recordBytes(layer));
    }
    return new Staging(whole, parts);
  }

  @Override
  public void close() {
    SharedMemory.close(arena);
  }
}

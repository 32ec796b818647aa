package io.foregate.store;

import io.foregate.error.ForegateException;
import io.foregate.files.SharedMemory;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/** Records in memory of their own. */
final class RamRecords implements Records {
  private static final Logger LOG = System.getLogger(ExpertStore.class.getName());

  /** Pages can only be locked as a whole. */
  private static final int PAGE = 4096;

  private final Arena arena;
  private final MemorySegment[] records;
  private final MemoryLock lock;
  private boolean locked;
  private boolean closed;

  private RamRecords(Arena arena, MemorySegment[] records, MemoryLock lock) {
    this.arena = arena;
    this.records = records;
    this.lock = lock;
  }

  /**
   * Packs all experts into memory.
   *
   * @throws ForegateException if there is not enough
   */
  static RamRecords build(ExpertSource source, RecordBuilder builder, MemoryLock lock) {
    Arena arena = Arena.ofShared();
    try {
      var records = new MemorySegment[source.records()];
      builder.build("experts", new RamDestination(source, arena, records));
      return new RamRecords(arena, records, lock);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new ForegateException(
          "The experts take %d MiB of memory, which the system refuses."
              .formatted(source.bytes() >> 20),
          "Keep them in a file: [[store=file]].",
          e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Takes memory for a record when it is about to be packed. */
  private record RamDestination(ExpertSource source, Arena arena, MemorySegment[] records)
      implements RecordBuilder.Destination {

    @Override
    public MemorySegment memory(int record) {
      return arena.allocate(source.recordBytes(record), PAGE);
    }

    @Override
    public void packed(int record, MemorySegment memory) {
      records[record] = memory.asReadOnly();
    }
  }

  /** Locks all memory, or none and warns once. */
  synchronized void lockOrWarn() {
    for (int record = 0; record < records.length; record++) {
      Optional<String> refused = lock.lock(records[record]);
      if (refused.isPresent()) {
        Arrays.stream(records, 0, record).forEach(lock::unlock);
        LOG.log(
            Level.DEBUG,
            "The experts ({0} MiB) are not locked into memory: {1}. They may be swapped out;"
                + " raise the limit (ulimit -l), or do without the lock.",
            Long.toString(Arrays.stream(records).mapToLong(MemorySegment::byteSize).sum() >> 20),
            refused.get());
        return;
      }
    }
    locked = true;
  }

  @Override
  public Tier tier() {
    return Tier.RAM;
  }

  @Override
  public MemorySegment record(int record) {
    MemorySegment memory = records[record];
    if (!memory.scope().isAlive()) {
      throw new IllegalStateException("the expert store is closed");
    }
    return memory;
  }

  @Override
  public void read(int record, MemorySegment target) {
    MemorySegment memory = record(record);
    MemorySegment.copy(memory, 0, target, 0, memory.byteSize());
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (locked) {
      Arrays.stream(records).forEach(lock::unlock);
      locked = false;
    }
    SharedMemory.close(arena);
    closed = true;
  }
}

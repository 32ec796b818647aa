package io.foregate.store;

import io.foregate.error.ForegateException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Records in memory of their own, one piece per layer. */
final class RamRecords implements Records {
  private static final Logger LOG = System.getLogger(ExpertStore.class.getName());

  /** Pages can only be locked as a whole. */
  private static final int PAGE = 4096;

  private final Arena arena;
  private final MemorySegment[] records;
  private final List<MemorySegment> layers;
  private final MemoryLock lock;
  private boolean locked;
  private boolean closed;

  private RamRecords(
      Arena arena, MemorySegment[] records, List<MemorySegment> layers, MemoryLock lock) {
    this.arena = arena;
    this.records = records;
    this.layers = layers;
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
      var memory = new LayerMemory(source, arena);
      builder.build("experts", memory);
      return new RamRecords(arena, memory.readOnly(), List.copyOf(memory.layers), lock);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new ForegateException(
          "The experts take %d MiB of memory, which the system refuses."
              .formatted(source.bytes() >> 20),
          "Keep them in a file: --store file.",
          e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Takes memory for a layer when its first record is asked for. */
  private static final class LayerMemory implements RecordBuilder.Destination {
    private final ExpertSource source;
    private final Arena arena;
    private final MemorySegment[] records;
    private final List<MemorySegment> layers = new ArrayList<>();

    LayerMemory(ExpertSource source, Arena arena) {
      this.source = source;
      this.arena = arena;
      this.records = new MemorySegment[source.records()];
    }

    @Override
    public MemorySegment memory(int record) {
      if (records[record] == null) {
        ExpertSource.Layer layer = source.layers().get(layers.size());
        long bytes = layer.recordBytes();
        MemorySegment all = arena.allocate(bytes * layer.experts(), PAGE);
        layers.add(all);
        for (int expert = 0; expert < layer.experts(); expert++) {
          records[layer.first() + expert] = all.asSlice(expert * bytes, bytes);
        }
      }
      return records[record];
    }

    @Override
    public void packed(int record, MemorySegment memory) {}

    MemorySegment[] readOnly() {
      for (int record = 0; record < records.length; record++) {
        records[record] = records[record].asReadOnly();
      }
      return records;
    }
  }

  /** Locks all memory, or none and warns once. */
  synchronized void lockOrWarn() {
    for (int layer = 0; layer < layers.size(); layer++) {
      Optional<String> refused = lock.lock(layers.get(layer));
      if (refused.isPresent()) {
        layers.subList(0, layer).forEach(lock::unlock);
        LOG.log(
            Level.WARNING,
            "The experts ({0} MiB) are not locked into memory: {1}. They may be swapped out;"
                + " raise the limit (ulimit -l), or leave --lock out.",
            Long.toString(layers.stream().mapToLong(MemorySegment::byteSize).sum() >> 20),
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
      layers.forEach(lock::unlock);
      locked = false;
    }
    arena.close();
    closed = true;
  }
}

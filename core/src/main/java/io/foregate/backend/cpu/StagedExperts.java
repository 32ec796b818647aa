package io.foregate.backend.cpu;

import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.store.layout.ExpertLayer;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PackedLayers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A place for every expert of the model, whose record is brought to memory when it is asked for,
 * and is there until the next one is. Experts without records lie in the file. For one thread.
 */
final class StagedExperts implements CpuExpertMemory {
  private final ExpertTable file;
  private final ExpertLayout layout;
  private final ExpertRecords records;
  private final PackedLayers packed;
  private final int experts;

  /** By layer among those with experts: its number among the packed ones, or -1. */
  private final int[] packedLayer;

  /** By packed layer: where its last record was, and what is to be seen there. */
  private final MemorySegment[] memory;

  private final ExpertWeights[] views;

  StagedExperts(
      ModelConfig config, ModelWeights weights, ExpertLayout layout, ExpertRecords records) {
    this.file = ExpertTable.ofFile(config, weights);
    this.layout = layout;
    this.records = records;
    this.packed = PackedLayers.of(weights.layers(), layout);
    this.experts = config.experts();
    this.packedLayer = new int[config.routedLayers()];
    Arrays.fill(packedLayer, -1);
    for (ExpertLayer at : packed.layers()) {
      packedLayer[at.routed()] = at.packed();
    }
    this.memory = new MemorySegment[packed.count()];
    this.views = new ExpertWeights[packed.count()];
  }

  @Override
  public int count() {
    return file.count();
  }

  @Override
  public int atOnce() {
    return 1;
  }

  /** Allocates nothing where records of a layer come to the same memory each time. */
  @Override
  public ExpertWeights weights(int layer, int place) {
    int at = packedLayer[layer];
    if (at < 0) {
      return file.weights(layer, place);
    }
    MemorySegment record = record(at, place % experts);
    if (!record.equals(memory[at])) {
      memory[at] = record;
      views[at] = layout.view(packed.shapes().get(at), record);
    }
    return views[at];
  }

  /** What reads a file is not to find the thread interrupted: it still is when this returns. */
  private MemorySegment record(int at, int expert) {
    boolean interrupted = Thread.interrupted();
    try {
      return records.record(at, expert);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

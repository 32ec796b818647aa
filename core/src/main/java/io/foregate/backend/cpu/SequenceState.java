package io.foregate.backend.cpu;

import io.foregate.backend.KvState;
import io.foregate.model.ModelConfig;
import io.foregate.options.KvType;
import java.lang.foreign.MemorySegment;

/**
 * What a sequence with delta nets remembers: keys and values of the layers with attention, and the
 * state of the others.
 */
final class SequenceState implements KvState {
  private final ModelConfig config;
  private final KvCache cache;
  private final RecurrentState state;

  SequenceState(ModelConfig config, KvCache cache, RecurrentState state) {
    this.config = config;
    this.cache = cache;
    this.state = state;
  }

  @Override
  public String layout() {
    return cache.layout() + "; matrices [valueHead][key][value], inputs [kernel - 1][channel]";
  }

  @Override
  public KvType type() {
    return cache.type();
  }

  @Override
  public long bytes(int layer, int positions) {
    return config.hasAttention(layer) ? cache.bytes(layer, positions) : state.bytes(layer);
  }

  @Override
  public void save(int layer, int positions, MemorySegment target) {
    if (config.hasAttention(layer)) {
      cache.save(layer, positions, target);
    } else {
      state.save(layer, positions, target);
    }
  }

  @Override
  public void load(int layer, int positions, MemorySegment source) {
    if (config.hasAttention(layer)) {
      cache.load(layer, positions, source);
    } else {
      state.load(layer, source);
    }
    if (layer == config.layers() - 1) {
      state.loaded(positions);
    }
  }
}

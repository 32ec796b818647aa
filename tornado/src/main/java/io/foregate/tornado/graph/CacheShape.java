package io.foregate.tornado.graph;

import io.foregate.model.ModelConfig;
import io.foregate.options.KvType;
import io.foregate.placement.ModelSizes;

/**
 * How large a sequence's KV cache is, in pairs of elements, see {@link
 * io.foregate.kernels.AttentionKernels}.
 *
 * @param capacity positions
 * @param type of its elements
 */
public record CacheShape(int capacity, KvType type) {

  /** Pairs of keys; behind them are the values. */
  long keyPairs(ModelConfig config) {
    return (long) config.layers() * config.kvSize() * capacity / 2;
  }

  /** Whether elements are floats: 1 or 0. */
  int useF32() {
    return type == KvType.F32 ? 1 : 0;
  }

  /** Words of the array that holds it, where its type is {@code asked}; 1 where it is not. */
  int words(ModelConfig config, KvType asked) {
    return type == asked ? Math.toIntExact(bytes(config) / 4) : 1;
  }

  /** Latent attention has no values beside keys. */
  public long bytes(ModelConfig config) {
    return ModelSizes.kvCache(config.layers(), config.attention().keptSize(), capacity, type);
  }
}

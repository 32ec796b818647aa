package io.foregate.tornado;

import io.foregate.backend.KvType;
import io.foregate.model.ModelConfig;

/**
 * How large a sequence's KV cache is, in pairs of elements, see {@link
 * io.foregate.kernels.Attention}.
 *
 * @param capacity positions
 * @param type of its elements
 */
record CacheShape(int capacity, KvType type) {

  /** Pairs of keys; behind them are the values. */
  long keyPairs(ModelConfig config) {
    return (long) config.layers() * config.kvSize() * capacity / 2;
  }

  /** Latent attention has no values beside keys. */
  private long pairs(ModelConfig config) {
    return (long) config.layers() * config.attention().keptSize() * capacity / 2;
  }

  /** Whether elements are floats: 1 or 0. */
  int single() {
    return type == KvType.F32 ? 1 : 0;
  }

  /** Words of the array that holds it, where its type is {@code asked}; 1 where it is not. */
  int words(ModelConfig config, KvType asked) {
    return type == asked ? Math.toIntExact(bytes(config) / 4) : 1;
  }

  long bytes(ModelConfig config) {
    return 2L * type.bytes() * pairs(config);
  }
}

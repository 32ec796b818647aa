package io.foregate.backend.cpu;

import io.foregate.model.ModelConfig;
import io.foregate.quant.VectorKernels;

/**
 * Causal grouped-query attention over the KV cache: per query head, {@code softmax(q K^T /
 * sqrt(headSize)) V} over all positions up to the token's own.
 */
final class Attention {
  private final ModelConfig config;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Workspace work;
  private final KvCache cache;
  private final float scale;
  private final WorkerPool.RangeTask task = this::attend;
  private int layer;
  private int position;

  Attention(
      ModelConfig config, VectorKernels kernels, WorkerPool pool, Workspace work, KvCache cache) {
    this.config = config;
    this.kernels = kernels;
    this.pool = pool;
    this.work = work;
    this.cache = cache;
    this.scale = (float) (1 / Math.sqrt(config.headSize()));
  }

  /** Fills {@link Workspace#attended} for {@code tokens} tokens from {@code position} on. */
  void run(int layer, int position, int tokens) {
    this.layer = layer;
    this.position = position;
    for (int i = 0; i < work.scores.length; i++) {
      if (work.scores[i].length < cache.capacity()) {
        work.scores[i] = new float[cache.capacity()];
      }
    }
    pool.run(tokens * config.heads(), 1, task);
  }

  private void attend(int from, int to, int worker) {
    for (int i = from; i < to; i++) {
      attend(i / config.heads(), i % config.heads(), work.scores[worker]);
    }
  }

  private void attend(int token, int head, float[] scores) {
    int size = config.headSize();
    int query = token * config.querySize() + head * size;
    int count = position + token + 1;
    long at = cache.offset(layer, head / (config.heads() / config.kvHeads()));
    kernels.scale(work.query, query, size, scale);
    kernels.rowDots(
        cache.elementType(),
        cache.keys(),
        at,
        cache.stride(),
        count,
        size,
        work.query,
        query,
        scores,
        0);
    kernels.softmax(scores, 0, count);
    for (int i = 0; i < size; i++) {
      work.attended[query + i] = 0;
    }
    kernels.addRows(
        cache.elementType(),
        cache.values(),
        at,
        cache.stride(),
        count,
        size,
        scores,
        0,
        work.attended,
        query);
  }
}

package io.foregate.backend.cpu;

import io.foregate.model.LatentConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.Norm;
import io.foregate.quant.vector.VectorKernels;

/**
 * What multi-head latent attention does around the attention itself. Keys and values of past tokens
 * are never made (DeepSeek-V2, arXiv 2405.04434, section 2.1.2): a query is mapped to the space of
 * the latent instead, whose vectors then are keys and values of a single head, and what attention
 * gives is mapped to the space of values.
 *
 * <p>In the {@link Workspace}: products of the residual are {@link Workspace#projected} (queries,
 * or what they are made of) and {@link Workspace#key}; queries of the latent's space are {@link
 * Workspace#query}, what attention gives is {@link Workspace#attended}, and values of heads are
 * {@link Workspace#value}.
 */
final class LatentStep {
  private static final int TOKEN_CHUNK = 8;

  private final ModelConfig config;
  private final LatentConfig latent;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Workspace work;
  private final KvCache cache;
  private final ProductBatch products;
  private final RotaryEmbedding rope;
  private final HeadProducts heads;
  private final WorkerPool.RangeTask lowRankTask = this::normalizeLowRank;
  private final WorkerPool.RangeTask positionTask = this::positionTokens;
  private AttentionWeights.Latent weights;
  private int layer;
  private int position;

  LatentStep(
      ModelConfig config,
      VectorKernels kernels,
      WorkerPool pool,
      Workspace work,
      KvCache cache,
      ProductBatch products,
      RotaryEmbedding rope) {
    this.config = config;
    this.latent = config.attention().latent().orElseThrow();
    this.kernels = kernels;
    this.pool = pool;
    this.work = work;
    this.cache = cache;
    this.products = products;
    this.rope = rope;
    this.heads =
        new HeadProducts(
            kernels,
            pool,
            work.scratch(),
            Math.max(latent.keySize(), latent.rank()),
            latent.keySize() * latent.rank());
  }

  /** Makes queries, and puts the batch's latents into the cache. */
  void before(AttentionWeights.Latent weights, int layer, int position, int batch) {
    this.weights = weights;
    this.layer = layer;
    this.position = position;
    if (weights.lowRank().isPresent()) {
      work.lowRank.of(weights.query().type()); // made here, where no other thread looks
      pool.run(batch, TOKEN_CHUNK, lowRankTask);
      products.add(
          weights.query(),
          work.lowRank.of(weights.query().type()),
          0,
          batch,
          work.projected,
          weights.query().rows());
      products.run();
    }
    pool.run(batch, TOKEN_CHUNK, positionTask);
    heads.input.set(work.projected, 0, config.heads() * latent.querySize(), latent.querySize());
    heads.output.set(work.query, 0, config.querySize(), config.headSize());
    heads.run(weights.keys().matrices(), weights.keys().transposed(), batch);
  }

  private void normalizeLowRank(int from, int to, int worker) {
    Norm norm = weights.lowRank().orElseThrow().norm();
    int width = latent.queryRank();
    for (int t = from; t < to; t++) {
      normalize(norm, work.lowRankQuery, t * width);
      work.lowRank.set(weights.query().type(), work.lowRankQuery, t * width, t);
    }
  }

  private void positionTokens(int from, int to, int worker) {
    int width = config.kvSize();
    for (int t = from; t < to; t++) {
      int key = t * width;
      normalize(weights.latentNorm(), work.key, key);
      rope.rotate(work.key, key + latent.rank(), 1, width, t);
      cache.put(layer, position + t, work.key, key, work.key, key);
      int query = t * config.querySize() + latent.rank();
      int source = t * config.heads() * latent.querySize() + latent.keySize();
      for (int head = 0; head < config.heads(); head++) {
        System.arraycopy(
            work.projected,
            source + head * latent.querySize(),
            work.query,
            query + head * config.headSize(),
            latent.rotated());
      }
      rope.rotate(work.query, query, config.heads(), config.headSize(), t);
    }
  }

  /** RMS norm of as many elements as the norm's weight has. */
  private void normalize(Norm norm, float[] x, int at) {
    int width = norm.weight().length;
    float meanSquare = kernels.sumOfSquares(x, at, width) / width;
    float factor = (float) (1 / Math.sqrt(meanSquare + config.normEpsilon()));
    kernels.scaledProduct(x, at, factor, norm.weight(), 0, x, at, width);
  }

  /** Makes the heads' values of what attention gave. */
  void after(AttentionWeights.Latent weights, int batch) {
    heads.input.set(work.attended, 0, config.heads() * latent.rank(), latent.rank());
    heads.output.set(work.value, 0, config.attendedSize(), latent.valueSize());
    heads.run(weights.values(), false, batch);
  }
}

package io.foregate.backend.cpu;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.KvState;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.gguf.GgmlType;
import io.foregate.model.FeedForward;
import io.foregate.model.LayerWeights;
import io.foregate.model.Matrix;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.quant.Quants;
import io.foregate.quant.Scratch;
import io.foregate.quant.VectorKernels;
import java.util.Optional;

/**
 * The forward pass of one sequence on the CPU: pre-norm blocks of grouped-query attention and a
 * dense or routed SwiGLU (Llama, arXiv 2302.13971; Mixtral, arXiv 2401.04088).
 *
 * <p>Every step is a few parallel regions on the {@link WorkerPool}; tasks are made once, and take
 * what changes from fields.
 */
final class CpuSequence implements Sequence {
  /** Tokens of a piece of work in per-token steps. */
  private static final int TOKEN_CHUNK = 8;

  private final ModelConfig config;
  private final ModelWeights weights;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Workspace work;
  private final KvCache cache;
  private final ProductBatch products;
  private final RotaryEmbedding rope;
  private final Attention attention;
  private final RoutedExperts experts;
  private final TopKRouter router;

  private final WorkerPool.RangeTask embedTask = this::embedTokens;
  private final WorkerPool.RangeTask normTask = this::normTokens;
  private final WorkerPool.RangeTask positionTask = this::positionTokens;
  private final WorkerPool.RangeTask attendedTask = this::roundAttended;
  private final WorkerPool.RangeTask hiddenTask = this::activateHidden;
  private final WorkerPool.RangeTask addTask = this::addBlockOutput;

  private int[] tokens = {};
  private int firstToken;
  private int batch;
  private int position;
  private int layer;
  private float[] norm = {};
  private int normOffset;
  private Matrix[] normReaders = {};
  private final Matrix[] attentionReaders = new Matrix[3];
  private final Matrix[] denseReaders = new Matrix[2];
  private final Matrix[] singleReader = new Matrix[1];

  CpuSequence(
      ModelConfig config,
      ModelWeights weights,
      VectorKernels kernels,
      WorkerPool pool,
      Workspace work,
      KvCache cache) {
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.pool = pool;
    this.work = work;
    this.cache = cache;
    int maxProducts = Math.max(3, 2 * config.experts());
    this.products = new ProductBatch(kernels, pool, work.scratch(), maxProducts);
    this.rope = new RotaryEmbedding(config.rope());
    this.attention = new Attention(config, kernels, pool, work, cache);
    this.experts = new RoutedExperts(config, kernels, pool, work, products);
    this.router = new TopKRouter(config, pool);
  }

  @Override
  public int maxBatch() {
    return Workspace.maxBatch(config);
  }

  @Override
  public int capacity() {
    return cache.capacity();
  }

  @Override
  public Optional<KvState> kvState() {
    return Optional.of(cache);
  }

  @Override
  public long kvBytes() {
    return cache.bytes();
  }

  @Override
  public void embed(int[] tokens, int from, int to, int position) {
    this.tokens = tokens;
    this.firstToken = from;
    this.batch = to - from;
    this.position = position;
    work.ensure(batch);
    rope.prepare(position, batch);
    pool.run(batch, TOKEN_CHUNK, embedTask);
  }

  private void embedTokens(int from, int to, int worker) {
    int width = config.embedding();
    Matrix table = weights.embedding();
    for (int t = from; t < to; t++) {
      long row = tokens[firstToken + t] * table.rowBytes();
      float[] out = work.residual;
      Scratch scratch = work.scratch()[worker];
      Quants.decode(table.type(), table.data(), row, out, t * width, width, scratch);
    }
  }

  @Override
  public void attention(int layer) {
    this.layer = layer;
    LayerWeights w = weights.layers().get(layer);
    attentionReaders[0] = w.query();
    attentionReaders[1] = w.key();
    attentionReaders[2] = w.value();
    normalize(w.attentionNorm(), attentionReaders);
    products.add(
        w.query(), work.wide.of(w.query().type()), 0, batch, work.query, config.querySize());
    products.add(w.key(), work.wide.of(w.key().type()), 0, batch, work.key, config.kvSize());
    products.add(w.value(), work.wide.of(w.value().type()), 0, batch, work.value, config.kvSize());
    products.run();
    pool.run(batch, TOKEN_CHUNK, positionTask);
    attention.run(layer, position, batch);
    work.heads.of(w.output().type());
    pool.run(batch, TOKEN_CHUNK, attendedTask);
    addProduct(w.output(), work.heads);
  }

  private void positionTokens(int from, int to, int worker) {
    for (int t = from; t < to; t++) {
      int query = t * config.querySize();
      int key = t * config.kvSize();
      rope.rotate(work.query, query, config.heads(), config.headSize(), t);
      rope.rotate(work.key, key, config.kvHeads(), config.headSize(), t);
      cache.put(layer, position + t, work.key, key, work.value, key);
    }
  }

  private void roundAttended(int from, int to, int worker) {
    GgmlType type = weights.layers().get(layer).output().type();
    for (int t = from; t < to; t++) {
      work.heads.set(type, work.attended, t * config.querySize(), t);
    }
  }

  @Override
  public void feedForward(int layer) {
    this.layer = layer;
    LayerWeights w = weights.layers().get(layer);
    FeedForward.Dense dense = (FeedForward.Dense) w.feedForward();
    denseReaders[0] = dense.gate();
    denseReaders[1] = dense.up();
    normalize(w.feedForwardNorm(), denseReaders);
    int hidden = config.feedForward();
    products.add(dense.gate(), work.wide.of(dense.gate().type()), 0, batch, work.gate, hidden);
    products.add(dense.up(), work.wide.of(dense.up().type()), 0, batch, work.up, hidden);
    products.run();
    work.hidden.of(dense.down().type());
    pool.run(batch, TOKEN_CHUNK, hiddenTask);
    addProduct(dense.down(), work.hidden);
  }

  private void activateHidden(int from, int to, int worker) {
    FeedForward.Dense dense = (FeedForward.Dense) weights.layers().get(layer).feedForward();
    int hidden = config.feedForward();
    for (int t = from; t < to; t++) {
      int at = t * hidden;
      kernels.siluProduct(work.gate, at, work.up, at, work.gate, at, hidden);
      work.hidden.set(dense.down().type(), work.gate, at, t);
    }
  }

  @Override
  public Routing route(int layer) {
    this.layer = layer;
    LayerWeights w = weights.layers().get(layer);
    FeedForward.Routed routed = (FeedForward.Routed) w.feedForward();
    singleReader[0] = routed.router();
    normalize(w.feedForwardNorm(), singleReader);
    Routing routing = work.routing;
    products.add(
        routed.router(),
        work.wide.of(routed.router().type()),
        0,
        batch,
        routing.logits(),
        config.experts());
    products.run();
    router.pick(routing, batch);
    experts.begin(routing);
    return routing;
  }

  @Override
  public void gateInput(int token, float[] out) {
    int width = config.embedding();
    int source = token * width;
    float meanSquare = kernels.sumOfSquares(work.residual, source, width) / width;
    float factor = (float) (1 / Math.sqrt(meanSquare + config.normEpsilon()));
    for (int i = 0; i < width; i++) {
      out[i] = work.residual[source + i] * factor;
    }
  }

  @Override
  public void runExperts(int layer, ExpertMemory memory, int[] ids, int[] places, int count) {
    experts.run(layer, (CpuExpertMemory) memory, ids, places, count);
  }

  @Override
  public void combineExperts(int layer) {
    experts.combine();
  }

  @Override
  public void logits(int from, int to, float[] out) {
    norm = weights.outputNorm();
    singleReader[0] = weights.output();
    normReaders = singleReader;
    normOffset = from;
    Activations input = work.wide;
    input.of(weights.output().type());
    pool.run(to - from, TOKEN_CHUNK, normTask);
    products.add(
        weights.output(),
        input.of(weights.output().type()),
        0,
        to - from,
        out,
        config.vocabulary());
    products.run();
  }

  /** RMS norm of the residual into {@link Workspace#normed}, rounded for the given readers. */
  private void normalize(float[] weight, Matrix[] readers) {
    norm = weight;
    normReaders = readers;
    normOffset = 0;
    for (Matrix reader : readers) {
      work.wide.of(reader.type()); // made here, where no other thread looks
    }
    pool.run(batch, TOKEN_CHUNK, normTask);
  }

  private void normTokens(int from, int to, int worker) {
    int width = config.embedding();
    for (int t = from; t < to; t++) {
      int source = (normOffset + t) * width;
      int target = t * width;
      float meanSquare = kernels.sumOfSquares(work.residual, source, width) / width;
      float factor = (float) (1 / Math.sqrt(meanSquare + config.normEpsilon()));
      kernels.scaledProduct(work.residual, source, factor, norm, 0, work.normed, target, width);
      for (int i = 0; i < normReaders.length; i++) {
        GgmlType type = normReaders[i].type();
        if (i == 0 || Quants.dotType(type) != Quants.dotType(normReaders[i - 1].type())) {
          work.wide.set(type, work.normed, target, t);
        }
      }
    }
  }

  /** {@code residual += w * input}. */
  private void addProduct(Matrix w, Activations input) {
    products.add(w, input.of(w.type()), 0, batch, work.blockOutput, config.embedding());
    products.run();
    pool.run(batch, TOKEN_CHUNK, addTask);
  }

  private void addBlockOutput(int from, int to, int worker) {
    int width = config.embedding();
    kernels.axpy(
        1f, work.blockOutput, from * width, work.residual, from * width, (to - from) * width);
  }

  @Override
  public void close() {
    cache.close();
  }
}

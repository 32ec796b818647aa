package io.foregate.backend.cpu;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.KvState;
import io.foregate.backend.ProductListener;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.gguf.GgmlType;
import io.foregate.model.ModelConfig;
import io.foregate.model.Trait;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.model.weights.Norm;
import io.foregate.quant.format.Quants;
import io.foregate.quant.format.UnpackedBlock;
import io.foregate.quant.vector.ActivationRows;
import io.foregate.quant.vector.VectorKernels;
import java.util.Optional;

/**
 * The forward pass of one sequence on the CPU: pre-norm blocks of grouped-query attention and a
 * dense or routed feed-forward block (Llama, arXiv 2302.13971; Mixtral, arXiv 2401.04088), with
 * what the facts of the family add to them.
 *
 * <p>Every step is a few parallel regions on the {@link WorkerPool}; tasks are made once, and take
 * what changes from fields.
 */
final class CpuSequence implements Sequence {
  /** Tokens of a piece of work in per-token steps. */
  private static final int TOKEN_CHUNK = 8;

  private static final float[] NO_BIAS = {};
  private static final float[] NO_SINKS = {};

  private final ModelConfig config;
  private final ModelWeights weights;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Workspace work;
  private final KvCache cache;
  private final RecurrentState state;
  private final boolean isRecurrent;
  private final int maxBatch;
  private final ProductBatch products;
  private final RotaryEmbedding rope;
  private final Attention attention;
  private final QueryKeyStep queryKey;

  /** Only of models with latent attention. */
  private final LatentStep latent;

  /** Only of models with delta nets. */
  private final DeltaNetStep deltaNet;

  private final DenseNetwork network;
  private final RoutedExperts experts;
  private final TopKRouter router;

  private final WorkerPool.RangeTask embedTask = this::embedTokens;
  private final WorkerPool.RangeTask normTask = this::normTokens;
  private final WorkerPool.RangeTask positionTask = this::positionTokens;
  private final WorkerPool.RangeTask gateTask = this::gateTokens;
  private final WorkerPool.RangeTask attendedTask = this::roundAttended;
  private final WorkerPool.RangeTask shareTask = this::weighShared;
  private final WorkerPool.RangeTask addTask = this::addBlockOutput;

  private int[] tokens = {};
  private int firstToken;
  private int batch;
  private int position;
  private int layer;
  private Norm norm = Norm.NONE;
  private float[] outputBias = {};
  private int normOffset;

  /** What the heads of attention or of a delta net give, for its output product. */
  private float[] heads = {};

  private int headsWidth;
  private Activations headsInput;

  private Matrix[] normReaders = {};
  private final Matrix[] attentionReaders = new Matrix[3];
  private final Matrix[] latentReaders = new Matrix[2];
  private final Matrix[] denseReaders = new Matrix[2];
  private final Matrix[] routedReaders = new Matrix[3];
  private final Matrix[][] netReaders = {{}, {}, new Matrix[2], new Matrix[3], new Matrix[4]};
  private final Matrix[] singleReader = new Matrix[1];

  /** What a sequence remembers. */
  record Memory(KvCache cache, RecurrentState state) {}

  CpuSequence(
      ModelConfig config,
      ModelWeights weights,
      VectorKernels kernels,
      WorkerPool pool,
      Workspace work,
      Memory memory) {
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.pool = pool;
    this.work = work;
    this.cache = memory.cache();
    this.state = memory.state();
    this.isRecurrent = config.deltaNet().isPresent();
    this.maxBatch = Workspace.maxBatch(config);
    int maxProducts = Math.max(4, 2 * config.experts());
    this.products = new ProductBatch(kernels, pool, work.scratch(), maxProducts);
    this.rope = new RotaryEmbedding(config.rope());
    this.attention = new Attention(config, kernels, pool, work, cache);
    this.queryKey = new QueryKeyStep(config, kernels, work, rope);
    this.latent =
        config
            .attention()
            .latent()
            .map(_ -> new LatentStep(config, kernels, pool, work, cache, products, rope))
            .orElse(null);
    this.deltaNet = isRecurrent ? new DeltaNetStep(config, kernels, pool, work, state) : null;
    var unit = new GatedUnit(kernels, config.family().activation());
    this.network = new DenseNetwork(config, pool, work, products, unit);
    this.experts = new RoutedExperts(config, kernels, pool, work, products, unit);
    this.router = new TopKRouter(config, kernels, pool);
  }

  @Override
  public int maxBatch() {
    return maxBatch;
  }

  @Override
  public boolean onProducts(ProductListener listener) {
    products.listen(listener);
    return true;
  }

  @Override
  public int capacity() {
    return cache.capacity();
  }

  @Override
  public Optional<KvState> kvState() {
    return Optional.of(isRecurrent ? new SequenceState(config, cache, state) : cache);
  }

  @Override
  public long kvBytes() {
    return cache.bytes() + state.bytes();
  }

  @Override
  public int rewind(int position) {
    return isRecurrent ? state.rewind(position) : position;
  }

  @Override
  public void embed(int[] tokens, int from, int to, int position) {
    this.tokens = tokens;
    this.firstToken = from;
    this.batch = to - from;
    this.position = position;
    if (isRecurrent) {
      state.advance(position, batch);
    }
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
      UnpackedBlock block = work.scratch()[worker].block;
      Quants.decode(table.type(), table.data(), row, out, t * width, width, block);
      if (config.scales().embedding() != 1) {
        kernels.scale(out, t * width, width, config.scales().embedding());
      }
    }
  }

  @Override
  public void attention(int layer) {
    this.layer = layer;
    LayerWeights w = weights.layers().get(layer);
    switch (w.attention()) {
      case AttentionWeights.Grouped grouped -> attend(w.attentionNorm(), grouped);
      case AttentionWeights.Latent compressed -> attend(w.attentionNorm(), compressed);
      case AttentionWeights.DeltaNet net -> mix(w.attentionNorm(), net);
    }
    Linear output = w.attention().output();
    headsInput.of(output.weight().type()); // made here, where no other thread looks
    pool.run(batch, TOKEN_CHUNK, attendedTask);
    addProduct(output);
  }

  private void attend(Norm norm, AttentionWeights.Grouped w) {
    attentionReaders[0] = w.query().weight();
    attentionReaders[1] = w.key().weight();
    attentionReaders[2] = w.value().weight();
    normalize(norm, attentionReaders);
    boolean isGated = config.family().has(Trait.OUTPUT_GATE);
    addWide(w.query().weight(), isGated ? work.projected : work.query);
    addWide(w.key().weight(), work.key);
    addWide(w.value().weight(), work.value);
    products.run();
    queryKey.begin(w);
    pool.run(batch, TOKEN_CHUNK, positionTask);
    attention.run(layer, position, batch, w.sinks());
    if (isGated) {
      pool.run(batch, TOKEN_CHUNK, gateTask);
    }
    setHeads(work.attended, config.attendedSize(), work.heads);
  }

  private void attend(Norm norm, AttentionWeights.Latent w) {
    latentReaders[0] = w.queryInput();
    latentReaders[1] = w.latent();
    normalize(norm, latentReaders);
    addWide(w.queryInput(), w.lowRank().isPresent() ? work.lowRankQuery : work.projected);
    addWide(w.latent(), work.key);
    products.run();
    latent.before(w, layer, position, batch);
    attention.run(layer, position, batch, NO_SINKS);
    latent.after(w, batch);
    setHeads(work.value, config.attendedSize(), work.heads);
  }

  private void mix(Norm norm, AttentionWeights.DeltaNet w) {
    int inputs = w.inputs().size();
    Matrix[] readers = netReaders[inputs + w.rates().size()];
    for (int i = 0; i < readers.length; i++) {
      readers[i] = i < inputs ? w.inputs().get(i) : w.rates().get(i - inputs);
    }
    normalize(norm, readers);
    addSideBySide(readers, 0, inputs, work.netInputs);
    addSideBySide(readers, inputs, readers.length, work.netRates);
    products.run();
    deltaNet.run(w, layer, batch);
    setHeads(work.netOutput, w.output().weight().columns(), work.netHeads);
  }

  /** Adds products of the normalized residual whose results share a row per token. */
  private void addSideBySide(Matrix[] readers, int from, int to, float[] out) {
    int width = 0;
    for (int i = from; i < to; i++) {
      width += readers[i].rows();
    }
    int at = 0;
    for (int i = from; i < to; i++) {
      Matrix w = readers[i];
      products.addAt(w, work.wide.of(w.type()), 0, batch, out, width, at);
      at += w.rows();
    }
  }

  private void setHeads(float[] values, int width, Activations input) {
    heads = values;
    headsWidth = width;
    headsInput = input;
  }

  /** Adds a product of the normalized residual. */
  private void addWide(Matrix w, float[] out) {
    products.add(w, work.wide.of(w.type()), 0, batch, out, w.rows());
  }

  private void positionTokens(int from, int to, int worker) {
    for (int t = from; t < to; t++) {
      queryKey.apply(t);
      int key = t * config.kvSize();
      cache.put(layer, position + t, work.key, key, work.value, t * config.valueSize());
    }
  }

  private void gateTokens(int from, int to, int worker) {
    for (int t = from; t < to; t++) {
      queryKey.gate(t);
    }
  }

  private void roundAttended(int from, int to, int worker) {
    GgmlType type = weights.layers().get(layer).attention().output().weight().type();
    for (int t = from; t < to; t++) {
      headsInput.set(type, heads, t * headsWidth, t);
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
    network.run(dense, work.denseHidden, batch, work.blockOutput);
    addBlockOutput(NO_BIAS);
  }

  @Override
  public Routing route(int layer) {
    this.layer = layer;
    LayerWeights w = weights.layers().get(layer);
    FeedForward.Routed routed = (FeedForward.Routed) w.feedForward();
    normalize(w.feedForwardNorm(), readers(routed));
    Routing routing = work.routing;
    addWide(routed.router().weight(), routing.logits());
    products.run();
    router.pick(routing, routed, batch);
    experts.begin(routing, routed);
    return routing;
  }

  /** Who reads the normalized residual at once; experts read it later, row by row. */
  private Matrix[] readers(FeedForward.Routed routed) {
    Matrix[] readers = singleReader;
    if (routed.shared().isPresent()) {
      readers = routedReaders;
      readers[1] = routed.shared().get().network().gate();
      readers[2] = routed.shared().get().network().up();
    }
    readers[0] = routed.router().weight();
    return readers;
  }

  @Override
  public void runShared(int layer) {
    FeedForward.Routed routed = (FeedForward.Routed) weights.layers().get(layer).feedForward();
    if (routed.shared().isPresent()) {
      network.run(routed.shared().get().network(), work.sharedHidden, batch, work.sharedOutput);
      pool.run(batch, TOKEN_CHUNK, shareTask);
    }
  }

  private void weighShared(int from, int to, int worker) {
    var routed = (FeedForward.Routed) weights.layers().get(layer).feedForward();
    float[] gate = routed.shared().orElseThrow().gate();
    int width = config.embedding();
    for (int t = from; t < to; t++) {
      work.sharedWeight[t] =
          gate.length == 0
              ? 1
              : (float) (1 / (1 + Math.exp(-kernels.dot(gate, 0, work.normed, t * width, width))));
    }
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
    experts.run(config.routedLayer(layer), (CpuExpertMemory) memory, ids, places, count);
  }

  @Override
  public void combineExperts(int layer) {
    experts.combine();
  }

  @Override
  public void logits(int from, int to, float[] out) {
    Matrix output = weights.output().weight();
    norm = weights.outputNorm();
    singleReader[0] = output;
    normReaders = singleReader;
    normOffset = from;
    Activations input = work.wide;
    input.of(output.type());
    pool.run(to - from, TOKEN_CHUNK, normTask);
    int vocabulary = config.vocabulary();
    products.add(output, input.of(output.type()), 0, to - from, out, vocabulary);
    products.run();
    float[] bias = weights.output().bias();
    for (int t = 0; t < to - from && bias.length > 0; t++) {
      kernels.axpy(1f, bias, 0, out, t * vocabulary, vocabulary);
    }
    if (config.scales().logits() != 1) {
      kernels.scale(out, 0, (to - from) * vocabulary, config.scales().logits());
    }
  }

  /** RMS norm of the residual into {@link Workspace#normed}, rounded for the given readers. */
  private void normalize(Norm weights, Matrix[] readers) {
    norm = weights;
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
      kernels.scaledProduct(
          work.residual, source, factor, norm.weight(), 0, work.normed, target, width);
      if (norm.bias().length > 0) {
        kernels.axpy(1f, norm.bias(), 0, work.normed, target, width);
      }
      for (int i = 0; i < normReaders.length; i++) {
        GgmlType type = normReaders[i].type();
        if (i == 0 || work.wide.of(type) != work.wide.of(normReaders[i - 1].type())) {
          work.wide.set(type, work.normed, target, t);
        }
      }
    }
  }

  /** Adds the product with attention's result to the residual stream. */
  private void addProduct(Linear w) {
    ActivationRows input = headsInput.of(w.weight().type());
    products.add(w.weight(), input, 0, batch, work.blockOutput, config.embedding());
    products.run();
    addBlockOutput(w.bias());
  }

  private void addBlockOutput(float[] bias) {
    outputBias = bias;
    pool.run(batch, TOKEN_CHUNK, addTask);
  }

  private void addBlockOutput(int from, int to, int worker) {
    int width = config.embedding();
    float scale = config.scales().residual();
    kernels.axpy(
        scale, work.blockOutput, from * width, work.residual, from * width, (to - from) * width);
    for (int t = from; t < to && outputBias.length > 0; t++) {
      kernels.axpy(scale, outputBias, 0, work.residual, t * width, width);
    }
  }

  @Override
  public void close() {
    cache.close();
  }
}

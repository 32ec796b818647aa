package io.foregate.backend.cpu;

import io.foregate.backend.Routing;
import io.foregate.model.LatentConfig;
import io.foregate.model.Mixer;
import io.foregate.model.ModelConfig;
import io.foregate.model.Trait;
import io.foregate.quant.vector.HeapFloats;
import io.foregate.quant.vector.Scratch;
import io.foregate.quant.vector.VectorKernels;

/**
 * Scratch memory of the forward pass, shared by the sequences of a model, which take turns. Grows
 * to the largest batch that was seen, so that decoding alone stays small. All arrays are {@code
 * [tokens][width]}.
 */
final class Workspace {
  /**
   * Tokens of a prefill step: enough to reuse each decoded weight, few enough to fit the caches.
   */
  private static final int MAX_TOKENS = 512;

  /** A batch that needs little memory; also the unit in which the largest batch is chosen. */
  private static final int FEW_TOKENS = 32;

  private final ModelConfig config;
  private final VectorKernels kernels;
  private final Scratch[] scratch;
  private int tokens;

  /** Residual stream. */
  float[] residual = {};

  /** Normalized residual, the input of a block. */
  float[] normed = {};

  float[] query = {};
  float[] key = {};
  float[] value = {};

  /**
   * With latent attention, queries before they are mapped to the latent's space; with gated
   * outputs, queries and gates, head by head.
   */
  float[] projected = {};

  /** With latent attention, what queries are made of, where that is not the residual. */
  float[] lowRankQuery = {};

  /** Inputs of products as wide as {@link #lowRankQuery}. */
  Activations lowRank;

  /** Attention's result, a vector as wide as a cached value per query head. */
  float[] attended = {};

  /** Gates of attention's result, as wide as that. */
  float[] outputGate = {};

  /** With delta nets, the two kinds of products of the residual. */
  float[] netInputs = {};

  float[] netRates = {};

  /** With delta nets, queries, keys and values that passed the convolution. */
  HeapFloats convolved = HeapFloats.of(0);

  /** With delta nets, what the heads give. */
  float[] netOutput = {};

  /** Inputs of products as wide as {@link #netOutput}. */
  Activations netHeads;

  /** A block's output, {@code [embedding]}. */
  float[] blockOutput = {};

  /** Products of gated units, dense or routed. */
  float[] gate = {};

  float[] up = {};

  /** Output of what every token passes beside its experts. */
  float[] sharedOutput = {};

  /** What the shared output of each token is multiplied by. */
  float[] sharedWeight = {};

  /** Inputs of products as wide as the model. */
  Activations wide;

  /** Inputs of products as wide as all query heads. */
  Activations heads;

  /** Inputs of products as wide as the hidden layer of a dense feed-forward block. */
  Activations denseHidden;

  /** Inputs of products as wide as the hidden layer of what tokens share. */
  Activations sharedHidden;

  /** Of experts; {@code null} where the model has none. */
  ExpertScratch experts;

  Routing routing;

  Workspace(ModelConfig config, VectorKernels kernels, int workers) {
    this.config = config;
    this.kernels = kernels;
    this.scratch = new Scratch[workers];
    for (int i = 0; i < workers; i++) {
      scratch[i] = new Scratch();
    }
    grow(1);
  }

  Scratch[] scratch() {
    return scratch;
  }

  /** Makes room for a batch. */
  void ensure(int batch) {
    if (batch > tokens) {
      grow(batch <= FEW_TOKENS ? FEW_TOKENS : maxBatch(config));
    }
  }

  /** The most tokens of a batch. */
  static int maxBatch(ModelConfig config) {
    int fit = ExpertScratch.HIDDEN_ELEMENTS / widestHidden(config) / FEW_TOKENS * FEW_TOKENS;
    return Math.clamp(fit, FEW_TOKENS, MAX_TOKENS);
  }

  private static int widestHidden(ModelConfig config) {
    int routed = Math.max(config.moe().feedForward(), config.moe().sharedFeedForward());
    // Latent attention's queries and results are floats, half as large as hidden elements; so are
    // inputs of delta nets.
    int latent = config.attention().latent().isPresent() ? config.querySize() / 2 : 0;
    int net = config.deltaNet().map(Mixer.DeltaNet::inputSize).orElse(0) / 2;
    return Math.max(Math.max(denseWidth(config), routed), Math.max(latent, net));
  }

  /** Hidden width of dense feed-forward blocks; 0 where no layer has one. */
  private static int denseWidth(ModelConfig config) {
    return config.isRouted(0) ? 0 : config.feedForward();
  }

  private void grow(int batch) {
    tokens = 0; // where memory ends in between, what there is fits no batch
    int width = config.embedding();
    residual = new float[batch * width];
    normed = new float[batch * width];
    query = new float[batch * config.querySize()];
    key = new float[batch * config.kvSize()];
    value = new float[batch * config.valueSize()];
    attended = new float[batch * config.heads() * config.attention().valueSize()];
    config.attention().latent().ifPresent(latent -> growLatent(latent, batch));
    config.deltaNet().ifPresent(net -> growDeltaNet(net, batch));
    if (config.family().has(Trait.OUTPUT_GATE)) {
      projected = new float[2 * batch * config.querySize()];
      outputGate = new float[batch * config.querySize()];
    }
    blockOutput = new float[batch * width];
    wide = new Activations(kernels, batch, width);
    heads = new Activations(kernels, batch, config.attendedSize());
    int dense = denseWidth(config);
    int shared = config.moe().sharedFeedForward();
    denseHidden = new Activations(kernels, batch, dense);
    sharedHidden = new Activations(kernels, batch, shared);
    int products = batch * Math.max(dense, shared);
    if (config.isMoe()) {
      int hidden = ExpertScratch.rows(config, batch) * config.moe().feedForward();
      products = Math.max(products, hidden);
      routing = new Routing(batch, config.experts(), config.expertsUsed());
    }
    if (shared > 0) {
      sharedOutput = new float[batch * width];
      sharedWeight = new float[batch];
    }
    gate = new float[products];
    up = new float[products];
    experts = config.isMoe() ? new ExpertScratch(config, kernels, batch, gate, up) : null;
    tokens = batch;
  }

  private void growDeltaNet(Mixer.DeltaNet net, int batch) {
    netInputs = new float[batch * net.inputSize()];
    netRates = new float[batch * 2 * net.valueHeads()];
    convolved = HeapFloats.of(batch * net.channels());
    netOutput = new float[batch * net.valueSize()];
    netHeads = new Activations(kernels, batch, net.valueSize());
  }

  private void growLatent(LatentConfig latent, int batch) {
    value = new float[batch * config.attendedSize()];
    projected = new float[batch * config.heads() * latent.querySize()];
    lowRankQuery = new float[batch * latent.queryRank()];
    lowRank = new Activations(kernels, batch, latent.queryRank());
  }
}

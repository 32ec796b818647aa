package io.foregate.backend.cpu;

import io.foregate.backend.Routing;
import io.foregate.model.ModelConfig;
import io.foregate.quant.Scratch;
import io.foregate.quant.VectorKernels;

/**
 * Scratch memory of the forward pass, shared by the sequences of a model, which take turns. Grows
 * to the largest batch that was seen, so that decoding alone stays small. All arrays are {@code
 * [tokens][width]}.
 */
final class Workspace {
  /**
   * Upper bound of a layer's hidden activations, in elements, each of which takes about 20 bytes
   * with its roundings: what keeps a large model's prompt within a small heap.
   */
  private static final int HIDDEN_ELEMENTS = 4 << 20;

  /**
   * Tokens of a prefill step: enough to reuse each decoded weight, few enough to fit the caches.
   */
  private static final int MOST_TOKENS = 512;

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

  /** Attention's result before the output projection. */
  float[] attended = {};

  /** A block's output, {@code [embedding]}. */
  float[] blockOutput = {};

  float[] gate = {};
  float[] up = {};

  /** Outputs of the experts, one row per token and pick, grouped by expert. */
  float[] expertOutput = {};

  /** Inputs of products as wide as the model. */
  Activations wide;

  /** Inputs of products as wide as all query heads. */
  Activations heads;

  /** Inputs of products as wide as the hidden layer. */
  Activations hidden;

  /** Inputs of the experts, one row per token and pick, grouped by expert. */
  Activations routed;

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
    int fit = HIDDEN_ELEMENTS / config.feedForward() / FEW_TOKENS * FEW_TOKENS;
    return Math.clamp(fit, FEW_TOKENS, MOST_TOKENS);
  }

  /**
   * Rows of the experts' hidden layer that are computed at once: at least a whole batch, because
   * all of its tokens may have chosen the same expert.
   */
  int expertRows() {
    int picks = tokens * config.expertsUsed();
    int aligned = Math.min(config.experts(), picks / VectorKernels.BATCH_ALIGNMENT);
    int all = picks + aligned * (VectorKernels.BATCH_ALIGNMENT - 1);
    return Math.max(tokens, Math.min(all, HIDDEN_ELEMENTS / config.feedForward()));
  }

  private void grow(int batch) {
    tokens = batch;
    int width = config.embedding();
    residual = new float[batch * width];
    normed = new float[batch * width];
    query = new float[batch * config.querySize()];
    key = new float[batch * config.kvSize()];
    value = new float[batch * config.kvSize()];
    attended = new float[batch * config.querySize()];
    blockOutput = new float[batch * width];
    wide = new Activations(kernels, batch, width);
    heads = new Activations(kernels, batch, config.querySize());
    int hiddenRows = config.isMoe() ? expertRows() : batch;
    gate = new float[hiddenRows * config.feedForward()];
    up = new float[hiddenRows * config.feedForward()];
    hidden = new Activations(kernels, hiddenRows, config.feedForward());
    if (config.isMoe()) {
      int picks = batch * config.expertsUsed();
      routed = new Activations(kernels, hiddenRows, width);
      expertOutput = new float[picks * width];
      routing = new Routing(batch, config.experts(), config.expertsUsed());
    }
  }
}

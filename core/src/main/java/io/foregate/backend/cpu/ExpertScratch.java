package io.foregate.backend.cpu;

import io.foregate.model.ModelConfig;
import io.foregate.quant.vector.VectorKernels;

/** Scratch memory of the products of a batch's experts. */
final class ExpertScratch {
  /**
   * Upper bound of a layer's hidden activations, in elements, each of which takes about 20 bytes
   * with its roundings: what keeps a large model's prompt within a small heap.
   */
  static final int HIDDEN_ELEMENTS = 4 << 20;

  /** Rows of the experts' hidden layer that are computed at once. */
  final int rows;

  /** Inputs of the experts, one row per token and pick, grouped by expert. */
  final Activations inputs;

  /** Inputs of products as wide as the hidden layer of an expert. */
  final Activations hidden;

  /** Products of gated units, {@code [rows][hidden]} or longer. */
  final float[] gate;

  final float[] up;

  /** Outputs of the experts, one row per token and pick, grouped by expert. */
  final float[] outputs;

  /**
   * @param tokens the largest batch
   * @param gate memory for products, at least {@link #rows(ModelConfig, int)} hidden rows
   * @param up likewise
   */
  ExpertScratch(ModelConfig config, VectorKernels kernels, int tokens, float[] gate, float[] up) {
    int width = config.embedding();
    this.rows = rows(config, tokens);
    this.inputs = new Activations(kernels, rows, width);
    this.hidden = new Activations(kernels, rows, config.moe().feedForward());
    this.gate = gate;
    this.up = up;
    this.outputs = new float[tokens * config.expertsUsed() * width];
  }

  /**
   * Rows of the experts' hidden layer that are computed at once: at least a whole batch, because
   * all of its tokens may have chosen the same expert.
   */
  static int rows(ModelConfig config, int tokens) {
    int picks = tokens * config.expertsUsed();
    int aligned = Math.min(config.experts(), picks / VectorKernels.BATCH_ALIGNMENT);
    int all = picks + aligned * (VectorKernels.BATCH_ALIGNMENT - 1);
    return Math.max(tokens, Math.min(all, HIDDEN_ELEMENTS / config.moe().feedForward()));
  }
}

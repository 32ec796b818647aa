package io.foregate.backend.cpu;

import io.foregate.model.ModelConfig;
import io.foregate.model.Trait;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Norm;
import io.foregate.quant.vector.VectorKernels;

/**
 * What happens to a token's queries, keys and values between their products and attention: biases,
 * norms, rotation. In place, in the {@link Workspace}. Where outputs are gated, queries and gates
 * come from one product.
 */
final class QueryKeyStep {
  private final ModelConfig config;
  private final VectorKernels kernels;
  private final Workspace work;
  private final RotaryEmbedding rope;
  private final boolean isGated;
  private AttentionWeights.Grouped weights;

  QueryKeyStep(ModelConfig config, VectorKernels kernels, Workspace work, RotaryEmbedding rope) {
    this.config = config;
    this.kernels = kernels;
    this.work = work;
    this.rope = rope;
    this.isGated = config.family().has(Trait.OUTPUT_GATE);
  }

  /** Turns to a layer. */
  void begin(AttentionWeights.Grouped weights) {
    this.weights = weights;
  }

  /** Does one token of the batch; tokens may be done by several threads. */
  void apply(int token) {
    int query = token * config.querySize();
    int key = token * config.kvSize();
    if (isGated) {
      addBias(weights.query(), work.projected, 2 * query);
      takeApart(query);
    } else {
      addBias(weights.query(), work.query, query);
    }
    addBias(weights.key(), work.key, key);
    addBias(weights.value(), work.value, token * config.valueSize());
    normalize(weights.queryNorm(), work.query, query, config.querySize());
    normalize(weights.keyNorm(), work.key, key, config.kvSize());
    rope.rotate(work.query, query, config.heads(), config.headSize(), token);
    rope.rotate(work.key, key, config.kvHeads(), config.headSize(), token);
  }

  /** Queries and gates of a token lie in turns, head by head. */
  private void takeApart(int query) {
    int size = config.headSize();
    for (int head = 0; head < config.heads(); head++) {
      int from = 2 * (query + head * size);
      System.arraycopy(work.projected, from, work.query, query + head * size, size);
      System.arraycopy(work.projected, from + size, work.outputGate, query + head * size, size);
    }
  }

  /** Multiplies what attention gives for a token by the sigmoid of its gates. */
  void gate(int token) {
    int size = config.attendedSize();
    int at = token * size;
    float[] gate = work.outputGate;
    kernels.scale(gate, at, size, -1);
    kernels.exp(gate, at, size);
    for (int i = at; i < at + size; i++) {
      work.attended[i] /= 1 + gate[i];
    }
  }

  private void addBias(Linear linear, float[] x, int at) {
    if (linear.bias().length > 0) {
      kernels.axpy(1f, linear.bias(), 0, x, at, linear.bias().length);
    }
  }

  /** RMS norm of each stretch of {@code size} elements that is as long as the norm's weight. */
  private void normalize(Norm norm, float[] x, int at, int size) {
    if (!norm.isPresent()) {
      return;
    }
    int width = norm.weight().length;
    for (int from = at; from < at + size; from += width) {
      float meanSquare = kernels.sumOfSquares(x, from, width) / width;
      float factor = (float) (1 / Math.sqrt(meanSquare + config.normEpsilon()));
      kernels.scaledProduct(x, from, factor, norm.weight(), 0, x, from, width);
    }
  }
}

package io.foregate.gate;

import io.foregate.model.Matrix;
import io.foregate.quant.Quants;
import io.foregate.quant.Scratch;
import io.foregate.quant.VectorKernels;
import io.foregate.quant.VectorProvider;

/**
 * What the gate of a token itself reads: the token's embedding, RMS-normalized. One thread at a
 * time; allocates nothing per token.
 */
public final class TokenInput {
  private final Matrix embedding;
  private final float epsilon;
  private final VectorKernels kernels = VectorProvider.get().kernels();
  private final Scratch scratch = new Scratch();

  /**
   * @param embedding the model's, {@code [vocabulary, width]}
   * @param epsilon added to the mean square
   */
  public TokenInput(Matrix embedding, float epsilon) {
    this.embedding = embedding;
    this.epsilon = epsilon;
  }

  /** Writes a token's input to {@code out[0, width)}. */
  public void read(int token, float[] out) {
    int width = embedding.columns();
    long row = token * embedding.rowBytes();
    Quants.decode(embedding.type(), embedding.data(), row, out, 0, width, scratch);
    float meanSquare = kernels.sumOfSquares(out, 0, width) / width;
    kernels.scale(out, 0, width, (float) (1 / Math.sqrt(meanSquare + epsilon)));
  }
}

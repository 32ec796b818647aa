package io.foregate.gate;

import io.foregate.model.weights.Matrix;
import io.foregate.quant.format.Quants;
import io.foregate.quant.format.UnpackedBlock;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.quant.vector.VectorProvider;

/**
 * What the gate of a token itself reads: the token's embedding, RMS-normalized. One thread at a
 * time; allocates nothing per token.
 */
public final class TokenInput {
  private final Matrix embedding;
  private final float epsilon;
  private final VectorKernels kernels = VectorProvider.get().kernels();
  private final UnpackedBlock block = new UnpackedBlock();

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
    Quants.decode(embedding.type(), embedding.data(), row, out, 0, width, block);
    float meanSquare = kernels.sumOfSquares(out, 0, width) / width;
    kernels.scale(out, 0, width, (float) (1 / Math.sqrt(meanSquare + epsilon)));
  }
}

package io.foregate.backend.cpu;

import io.foregate.model.ActivationFunction;
import io.foregate.quant.vector.VectorKernels;

/**
 * What a gated unit does between its products: see {@link ActivationFunction}. Allocates nothing.
 */
public final class GatedUnit {
  private static final float ALPHA = 1.702f;
  private static final float LIMIT = 7;

  private final VectorKernels kernels;
  private final ActivationFunction activation;

  public GatedUnit(VectorKernels kernels, ActivationFunction activation) {
    this.kernels = kernels;
    this.activation = activation;
  }

  /**
   * Replaces {@code n} elements of {@code gate} from {@code at} on, {@code up} being beside them.
   */
  public void apply(float[] gate, float[] up, int at, int n) {
    switch (activation) {
      case SILU -> kernels.siluProduct(gate, at, up, at, gate, at, n);
      case CLAMPED_SILU -> clamped(gate, up, at, n);
    }
  }

  private static void clamped(float[] gate, float[] up, int at, int n) {
    for (int i = at; i < at + n; i++) {
      float x = Math.min(gate[i], LIMIT);
      float y = Math.clamp(up[i], -LIMIT, LIMIT);
      gate[i] = (float) (x / (1 + Math.exp(-ALPHA * x))) * (y + 1);
    }
  }
}

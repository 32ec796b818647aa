package io.foregate.backend.cpu;

import io.foregate.model.ActivationFunction;
import io.foregate.quant.vector.VectorKernels;

/**
 * What a gated unit does between its products: see {@link ActivationFunction}. Allocates nothing.
 */
public final class GatedUnit {
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
      case CLAMPED_SILU -> kernels.clampedSiluProduct(gate, up, at, n);
    }
  }
}

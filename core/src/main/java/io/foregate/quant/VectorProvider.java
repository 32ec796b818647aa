package io.foregate.quant;

/**
 * Chooses the {@link VectorKernels} of this process, once, and says why.
 *
 * <p>System property {@code foregate.vector}: {@code auto} (the default), {@code scalar} or {@code
 * panama}.
 */
public final class VectorProvider {
  private static final VectorProvider CHOSEN = choose();

  private final VectorKernels kernels;
  private final String reason;

  private VectorProvider(VectorKernels kernels, String reason) {
    this.kernels = kernels;
    this.reason = reason;
  }

  /** The choice of this process. */
  public static VectorProvider get() {
    return CHOSEN;
  }

  /** The chosen kernels. */
  public VectorKernels kernels() {
    return kernels;
  }

  /** One line for people: what was chosen, and why. */
  public String reason() {
    return reason;
  }

  private static VectorProvider choose() {
    return new VectorProvider(new ScalarKernels(), "scalar: no other implementation yet");
  }
}

package io.foregate.tornado;

/** Ways to multiply weights with the tokens of a batch, slowest first. */
enum MatMulVariant implements KernelVariant {
  /** {@link io.foregate.kernels.MatMul} and {@link io.foregate.kernels.Experts#multiply}. */
  PORTABLE("portable"),

  /** {@link io.foregate.kernels.MmaTiles}, for what they support; else the portable ones. */
  MMA("mma");

  private static final double TOLERANCE = 1e-3;

  private final String id;

  MatMulVariant(String id) {
    this.id = id;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public double tolerance() {
    return TOLERANCE;
  }
}

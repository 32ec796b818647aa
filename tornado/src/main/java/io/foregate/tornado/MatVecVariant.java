package io.foregate.tornado;

/** Ways to multiply weights with one token, slowest first. */
enum MatVecVariant implements KernelVariant {
  /** {@link io.foregate.kernels.MatVec} and {@link io.foregate.kernels.Experts}. */
  PORTABLE("portable", 1e-3),

  /** {@link io.foregate.kernels.Warps}. */
  WARPS("warps", 1e-3),

  /** {@link io.foregate.kernels.Int8Warps}, for what they support; else {@link #WARPS}. */
  INT8("int8", 2e-2);

  private final String id;
  private final double tolerance;

  MatVecVariant(String id, double tolerance) {
    this.id = id;
    this.tolerance = tolerance;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public double tolerance() {
    return tolerance;
  }
}

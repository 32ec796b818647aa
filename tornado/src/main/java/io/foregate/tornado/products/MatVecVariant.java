package io.foregate.tornado.products;

import io.foregate.tornado.weights.DenseArrays;

/** Ways to multiply weights with one token, slowest first. */
public enum MatVecVariant implements KernelVariant {
  PORTABLE("portable", 1e-3),
  WARPS("warps", 1e-3),
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

  @Override
  public ProductBuffers.Size scratch(ProductBuffers.Load load) {
    return this == INT8 ? MatVecInt8.scratch(load) : ProductBuffers.Size.NONE;
  }

  @Override
  public ProductKernels kernels(DenseArrays dense, ProductBuffers scratch, int tokens) {
    return switch (this) {
      case PORTABLE -> new MatVecPortable(dense);
      case WARPS -> new MatVecWarps(dense);
      case INT8 -> new MatVecInt8(dense, scratch);
    };
  }
}

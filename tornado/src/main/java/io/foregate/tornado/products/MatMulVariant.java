package io.foregate.tornado.products;

import io.foregate.tornado.weights.DenseArrays;

/** Ways to multiply weights with the tokens of a batch, slowest first. */
public enum MatMulVariant implements KernelVariant {
  PORTABLE("portable"),
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

  @Override
  public ProductBuffers.Size scratch(ProductBuffers.Load load) {
    return this == MMA ? MatMulMma.scratch(load) : ProductBuffers.Size.NONE;
  }

  @Override
  public ProductKernels kernels(DenseArrays dense, ProductBuffers scratch, int tokens) {
    return switch (this) {
      case PORTABLE -> new MatMulPortable(dense, tokens);
      case MMA -> new MatMulMma(dense, scratch, tokens);
    };
  }
}

package io.foregate.tornado.products;

import io.foregate.tornado.weights.DenseArrays;

/** A way to multiply weights with tokens. The first of each kind is portable. */
public sealed interface KernelVariant permits MatVecVariant, MatMulVariant {
  /** As the property {@code foregate.kernels} names it. */
  String id();

  /** The normalised error that its arithmetic may have. */
  double tolerance();

  /** Memory that it needs. */
  ProductBuffers.Size scratch(ProductBuffers.Load load);

  /**
   * Its kernels.
   *
   * @param dense weights that every token needs
   * @param scratch at least {@link #scratch}
   * @param tokens of the largest batch
   */
  ProductKernels kernels(DenseArrays dense, ProductBuffers scratch, int tokens);
}

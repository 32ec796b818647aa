package io.foregate.tornado;

/**
 * How weights are multiplied with tokens.
 *
 * @param token with one alone
 * @param batch with those of a batch
 */
record KernelVariants(MatVecVariant token, MatMulVariant batch) {
  static final KernelVariants PORTABLE =
      new KernelVariants(MatVecVariant.PORTABLE, MatMulVariant.PORTABLE);
}

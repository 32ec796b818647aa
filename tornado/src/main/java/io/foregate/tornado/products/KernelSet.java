package io.foregate.tornado.products;

/**
 * How weights are multiplied with tokens.
 *
 * @param token with one alone
 * @param batch with those of a batch
 */
public record KernelSet(MatVecVariant token, MatMulVariant batch) {
  public static final KernelSet PORTABLE =
      new KernelSet(MatVecVariant.PORTABLE, MatMulVariant.PORTABLE);
}

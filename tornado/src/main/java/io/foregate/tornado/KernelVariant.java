package io.foregate.tornado;

/** A way to multiply weights with tokens. The first of each kind is portable. */
sealed interface KernelVariant permits MatVecVariant, MatMulVariant {
  /** As the property {@code foregate.kernels} names it. */
  String id();

  /** The normalised error that its arithmetic may have. */
  double tolerance();
}

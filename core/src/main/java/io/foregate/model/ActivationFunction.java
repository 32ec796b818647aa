package io.foregate.model;

/** What a gated unit does with the products of gate and up before the product with down. */
public enum ActivationFunction {
  /** {@code silu(gate) * up} (SwiGLU, arXiv 2002.05202). */
  SILU,
  /**
   * {@code gate * sigmoid(1.702 * gate) * (up + 1)}, the gate cut off above 7, the other beyond 7
   * on both sides (gpt-oss's model card, arXiv 2508.10925).
   */
  CLAMPED_SILU
}

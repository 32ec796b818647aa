package io.foregate.model;

/** What of queries and keys is normalized together, before RoPE. */
public enum QueryKeyNorm {
  NONE,
  /** Each head for itself, by the same weights (Qwen 3). */
  HEAD,
  /** All heads of a token as one vector (OLMoE, arXiv 2409.02060). */
  ALL_HEADS
}

package io.foregate.model;

/** What a family has beside what all have. */
public enum Trait {
  /** Biases of query, key and value. */
  QKV_BIAS,
  /** A bias of attention's output. */
  ATTENTION_OUTPUT_BIAS,
  /** Biases of the norms of blocks and of the output. */
  NORM_BIAS,
  /** A bias of the logits. */
  LOGITS_BIAS,
  /** Biases of the router and of the experts. */
  EXPERT_BIAS,
  /** A shared expert, always or where the metadata gives it a width. */
  SHARED_EXPERT,
  /** The shared expert's output is gated. */
  SHARED_GATE,
  /** Multi-head latent attention. */
  LATENT_ATTENTION,
  /** Attention sinks: scores of a position without a value. */
  SINKS,
  /** Every other layer, beginning with the first, has a sliding window. */
  ALTERNATING_WINDOW,
  /** The norm before the feed-forward block is called {@code post_attention_norm}. */
  POST_ATTENTION_NORM,
  /** Most layers have a gated delta net instead of attention. */
  DELTA_NET,
  /** Value heads of a delta net take key heads in turns, instead of sharing them as neighbours. */
  KEY_HEADS_IN_TURNS,
  /** {@code attn_q} has, behind each head's query, a gate of the head's output. */
  OUTPUT_GATE
}

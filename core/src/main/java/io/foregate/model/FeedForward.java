package io.foregate.model;

/** The second half of a block: {@code down(silu(gate(h)) * up(h))}, dense or routed. */
public sealed interface FeedForward {

  /**
   * One feed-forward network for every token.
   *
   * @param gate {@code [feedForward, embedding]}
   * @param up {@code [feedForward, embedding]}
   * @param down {@code [embedding, feedForward]}
   */
  record Dense(Matrix gate, Matrix up, Matrix down) implements FeedForward {}

  /**
   * A router and the experts that it picks from.
   *
   * @param router {@code [experts, embedding]}
   */
  record Routed(Matrix router, ExpertTensors experts) implements FeedForward {}
}

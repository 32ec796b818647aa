package io.foregate.model;

/**
 * A model's experts.
 *
 * @param experts of a layer; 0 in a dense model
 * @param used experts that a token is routed to (top-k); 0 in a dense model
 * @param feedForward hidden width of one expert
 * @param sharedFeedForward hidden width of what every token passes beside its experts; 0 without
 * @param leadingDense how many layers there are before the first one with experts
 */
public record MoeConfig(
    int experts,
    int used,
    int feedForward,
    int sharedFeedForward,
    int leadingDense,
    RouterConfig router) {

  /** A dense model's. */
  public static final MoeConfig NONE =
      new MoeConfig(0, 0, 0, 0, 0, RouterConfig.of(RouterScore.SOFTMAX, true));
}

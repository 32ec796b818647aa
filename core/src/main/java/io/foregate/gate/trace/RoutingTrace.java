package io.foregate.gate.trace;

/**
 * Routing of a sequence of tokens, in the order in which the model met them. Readable by many
 * threads. Indexes are not checked beyond what memory safety needs.
 */
public interface RoutingTrace {

  /** What all tokens share. */
  TraceHeader header();

  /** How many tokens there are. */
  int tokens();

  /** The vocabulary id of a token. */
  int tokenId(int token);

  /** Whether the token was part of a prompt: fed in a batch, not one at a time. */
  boolean isPrompt(int token);

  /** Whether a new sequence begins here, with an empty KV cache. */
  boolean startsText(int token);

  /** Which of {@link TraceHeader#texts} the token is from. */
  int text(int token);

  /**
   * A chosen expert.
   *
   * @param rank 0 for the one of the largest weight, below {@link TraceHeader#used}
   */
  int expert(int token, int layer, int rank);

  /** The router's weight of a chosen expert. */
  float weight(int token, int layer, int rank);

  /**
   * What a predictor said at a layer about the layers after it.
   *
   * @param layer the layer, or -1: what it said of the first layers when it learnt the token's id
   * @param set index of the predictor in {@link TraceHeader#sets}
   * @param out gets {@code [horizon][experts]}: at {@code (j - 1) * experts + e} the probability
   *     that expert {@code e} is among those used {@code j} layers later, across the token boundary
   */
  void scores(int token, int layer, int set, float[] out);
}

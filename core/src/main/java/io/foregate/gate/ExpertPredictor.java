package io.foregate.gate;

/**
 * Says which experts the next layers will need. One object per sequence; not thread-safe; {@link
 * #predictToken}, {@link #predict} and {@link #observe} allocate nothing.
 *
 * <p>For every token it is called in this order, which is the order in which things become known:
 *
 * <pre>
 * predictToken(token)                    when the token is known, before layer 0
 * per layer: observe(layer, its experts), predict(layer, gate input)
 * </pre>
 *
 * <p>Layers are counted on across the token boundary: at distance {@code j}, layer {@code l} speaks
 * of layer {@code (l + j) % layers}, which for the last layers is one of the next token. {@link
 * #predictToken} speaks as a layer -1 would: at distance {@code j} of layer {@code j - 1} of the
 * token itself. Its predictions replace those that the token before made of the same layers.
 */
public interface ExpertPredictor {

  /** Layers looked ahead, at least 1 and less than the model's layers. */
  int horizon();

  /**
   * Predicts the first layers of a token from its id and what the sequence did before.
   *
   * @param token the token that layer 0 is about to see
   * @param probabilities {@code [horizon * experts]}, filled as by {@link #predict} for layer -1
   */
  void predictToken(int token, float[] probabilities);

  /**
   * Predicts the layers behind one.
   *
   * @param routed the layer, counted among those with experts, of the token that {@link
   *     #predictToken} named last
   * @param input the post-attention residual at that layer, RMS-normalized without the norm's
   *     weight, {@code [embedding]}
   * @param probabilities {@code [horizon * experts]}: element {@code (j - 1) * experts + e} becomes
   *     the probability that expert {@code e} is among the top-k of layer {@code (routed + j) %
   *     layers}
   */
  void predict(int routed, float[] input, float[] probabilities);

  /**
   * As {@link #predictToken} or {@link #predict}, from what a device made of this predictor's
   * {@link LookaheadGates#matrices}.
   *
   * @param routed as {@link #predict} has it, or -1 for the token itself
   * @param scores {@code [horizon * experts]}, without what the routing history adds; overwritten
   * @param input as {@link #predict} has it; read at the last layer only, not at layer -1
   * @throws UnsupportedOperationException if it has no gates
   */
  default void predictScored(int routed, float[] scores, float[] input, float[] probabilities) {
    throw new UnsupportedOperationException("a predictor without gates");
  }

  /**
   * Takes note of the experts that one token really used.
   *
   * @param routed as {@link #predict} has it
   * @param ids expert ids; {@code [from, from + count)} are the token's at that layer, best first
   */
  void observe(int routed, int[] ids, int from, int count);

  /** Forgets what was seen: the sequence has been cut, or another begins. */
  void reset();
}

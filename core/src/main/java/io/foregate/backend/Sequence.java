package io.foregate.backend;

import java.util.Optional;

/**
 * One sequence of tokens on a device: its KV cache and its residual stream. The engine drives it
 * layer by layer:
 *
 * <pre>
 * embed, then per layer: attention, then feedForward (dense)
 *                        or route, runShared, runExperts (once or in parts), combineExperts;
 * then logits
 * </pre>
 *
 * <p>Used by one thread at a time. Nothing here allocates once the largest batch has been seen.
 */
public interface Sequence extends AutoCloseable {

  /** The largest batch that {@link #embed} takes. */
  int maxBatch();

  /** Positions that the KV cache holds. */
  int capacity();

  /** Bytes of the KV cache. */
  long kvBytes();

  /** The KV cache as bytes to keep; empty where it cannot leave the device. */
  default Optional<KvState> kvState() {
    return Optional.empty();
  }

  /**
   * Forgets what follows the first {@code position} tokens. Keys and values are cut there. A state
   * that each token changes cannot be cut: a sequence that has one forgets more, unless it has seen
   * just those tokens. Also called when a batch has failed, with the tokens before it.
   *
   * @return how many tokens are still known, from the first on: {@code position} or fewer. The next
   *     batch begins there
   */
  default int rewind(int position) {
    return position;
  }

  /**
   * Tells {@code listener} of every matrix product from now on.
   *
   * @return whether this backend can
   */
  default boolean onProducts(ProductListener listener) {
    return false;
  }

  /**
   * Starts a batch: the residual stream becomes the embeddings of {@code tokens[from, to)}, which
   * stand at positions {@code position ..}.
   */
  void embed(int[] tokens, int from, int to, int position);

  /**
   * Adds the attention block of a layer to the residual stream, and its keys and values to the
   * cache.
   */
  void attention(int layer);

  /** Adds the dense feed-forward block of a layer to the residual stream. */
  void feedForward(int layer);

  /**
   * Routes the batch at a layer. The result is valid until the next call. Its ids and weights may
   * be overwritten before the first {@link #runExperts}, by who replays a recorded routing.
   */
  Routing route(int layer);

  /**
   * What lookahead gates see of a token: after {@link #route}, the residual stream behind the
   * attention block of that layer, RMS-normalized without the norm's weight.
   *
   * @param token of the batch, by index
   * @param out {@code [embedding]}
   */
  void gateInput(int token, float[] out);

  /**
   * What the gates that the model uses say of a token alone, without what the routing history adds:
   * after {@link #embed} that of the token itself, after {@link #route} that of the layer.
   *
   * @param scores {@code [outputs]}, see {@link GateMatrices}
   * @return false, and nothing written, where the host must score: the model uses no gates, or the
   *     batch has several tokens
   */
  default boolean gateScores(float[] scores) {
    return false;
  }

  /** To the gates, the next token is to be the first: the sequence has been cut. */
  default void forgetGateInput() {}

  /**
   * Runs what every token passes beside its experts, if the model has that, for the batch of the
   * last {@link #route}. Once per route, before {@link #combineExperts}: while missing experts are
   * on their way.
   */
  default void runShared(int layer) {}

  /**
   * Runs some of the experts that the last {@link #route} chose, for all tokens that chose them.
   * May be called several times with different experts, in any order: {@link #combineExperts} adds
   * up in the router's order, so the sum does not depend on it. When it returns, the places may be
   * overwritten.
   *
   * @param memory where the experts are
   * @param experts ids of experts of that layer
   * @param places of each of them in {@code memory}
   * @param count how many of them
   */
  void runExperts(int layer, ExpertMemory memory, int[] experts, int[] places, int count);

  /** Adds the weighted outputs of the batch's experts to the residual stream. */
  void combineExperts(int layer);

  /**
   * Logits after some tokens of the batch, written to {@code out[(i - from) * vocabulary ..]}.
   *
   * @param from first token of the batch, by index
   * @param to behind the last one
   */
  void logits(int from, int to, float[] out);

  @Override
  void close();
}

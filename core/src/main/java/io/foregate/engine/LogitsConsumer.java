package io.foregate.engine;

/** Takes the logits of one token after another. */
@FunctionalInterface
public interface LogitsConsumer {

  /**
   * @param index the token's index in the array that was fed
   * @param logits the vocabulary's logits are {@code logits[offset .. offset + vocabulary)}; valid
   *     during the call
   */
  void accept(int index, float[] logits, int offset);
}

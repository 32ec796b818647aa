package io.foregate.model;

/**
 * Attention of one model.
 *
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param keySize elements of one head of a query or key
 * @param valueSize elements of one head of a value
 * @param scale what scores are multiplied by before the softmax
 * @param window which positions a layer sees
 */
public record AttentionFacts(
    int heads, int kvHeads, int keySize, int valueSize, float scale, SlidingWindow window) {

  /** Heads of one size, {@code 1 / sqrt(headSize)}, every position. */
  public static AttentionFacts of(int heads, int kvHeads, int headSize) {
    return new AttentionFacts(
        heads, kvHeads, headSize, headSize, (float) (1 / Math.sqrt(headSize)), SlidingWindow.NONE);
  }
}

package io.foregate.model;

import java.util.Optional;

/**
 * Attention of one model. With latent attention, these are the sizes of the products that really
 * run: one key head, whose keys are the latent and the rotated key behind it, and whose values are
 * the latent again.
 *
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param keySize elements of one head of a query or key
 * @param valueSize elements of one head of a value
 * @param scale what scores are multiplied by before the softmax
 * @param window which positions a layer sees
 * @param latent how keys and values are compressed, if they are
 */
public record AttentionConfig(
    int heads,
    int kvHeads,
    int keySize,
    int valueSize,
    float scale,
    SlidingWindow window,
    Optional<LatentConfig> latent) {

  /** Grouped-query attention. */
  public AttentionConfig(
      int heads, int kvHeads, int keySize, int valueSize, float scale, SlidingWindow window) {
    this(heads, kvHeads, keySize, valueSize, scale, window, Optional.empty());
  }

  /** Heads of one size, {@code 1 / sqrt(headSize)}, every position. */
  public static AttentionConfig of(int heads, int kvHeads, int headSize) {
    return new AttentionConfig(
        heads, kvHeads, headSize, headSize, (float) (1 / Math.sqrt(headSize)), SlidingWindow.NONE);
  }

  /** Latent attention. */
  public static AttentionConfig latent(int heads, LatentConfig latent, float scale) {
    int keySize = latent.rank() + latent.rotated();
    return new AttentionConfig(
        heads, 1, keySize, latent.rank(), scale, SlidingWindow.NONE, Optional.of(latent));
  }

  /** Elements of a value head that are kept beside the key; 0 where values are part of keys. */
  public int keptValueSize() {
    return latent.isPresent() ? 0 : valueSize;
  }

  /** Elements that a layer keeps of a position. */
  public int keptSize() {
    return kvHeads * (keySize + keptValueSize());
  }

  /** Elements of a token that the output product reads: a value per query head. */
  public int outputSize() {
    return heads * (latent.isPresent() ? latent.get().valueSize() : valueSize);
  }
}

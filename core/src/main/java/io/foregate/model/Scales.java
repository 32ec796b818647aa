package io.foregate.model;

/**
 * What a family multiplies with on the residual stream's way (Granite); 1 where it does not.
 *
 * @param embedding tokens' embeddings
 * @param residual the output of each half of a block, before it is added to the residual stream
 * @param logits the logits
 */
public record Scales(float embedding, float residual, float logits) {
  /** Nothing is multiplied. */
  public static final Scales NONE = new Scales(1, 1, 1);
}

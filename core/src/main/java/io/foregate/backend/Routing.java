package io.foregate.backend;

/**
 * What the router of one layer decided for the tokens of a batch. All sequences of a model share
 * one, and it is reused from layer to layer: read it before the next {@link Sequence#route} of any
 * of them, that is during the batch, while the sequence has its turn on the device.
 */
public final class Routing {
  private final int experts;
  private final int used;
  private final float[] logits;
  private final int[] ids;
  private final float[] weights;
  private int tokens;

  /**
   * @param maxTokens the largest batch
   * @param experts experts of a layer
   * @param used experts per token (top-k)
   */
  public Routing(int maxTokens, int experts, int used) {
    this.experts = experts;
    this.used = used;
    this.logits = new float[maxTokens * experts];
    this.ids = new int[maxTokens * used];
    this.weights = new float[maxTokens * used];
  }

  /** Sets how many tokens the arrays speak of. For backends. */
  public void setTokens(int tokens) {
    this.tokens = tokens;
  }

  /** Tokens of the batch. */
  public int tokens() {
    return tokens;
  }

  /** Experts of a layer. */
  public int experts() {
    return experts;
  }

  /** Experts per token. */
  public int used() {
    return used;
  }

  /** Router logits, {@code [tokens][experts]}. */
  public float[] logits() {
    return logits;
  }

  /** Chosen experts, {@code [tokens][used]}, best first; equal logits: the lower id first. */
  public int[] ids() {
    return ids;
  }

  /** Weights of the chosen experts, {@code [tokens][used]}. */
  public float[] weights() {
    return weights;
  }
}

package io.foregate.model;

/**
 * Sizes and constants of one model.
 *
 * @param name {@code general.name}, or the file's name
 * @param family the architecture's facts
 * @param layers transformer blocks
 * @param embedding width of the residual stream (d_model)
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headSize elements of one head
 * @param feedForward hidden width of a dense feed-forward block, or of one expert
 * @param experts experts of a layer; 0 in a dense model
 * @param expertsUsed experts that a token is routed to (top-k); 0 in a dense model
 * @param vocabulary tokens
 * @param contextLength positions that the model was trained for
 * @param normEpsilon added to the mean square in RMSNorm
 * @param rope rotary position embedding
 */
public record ModelConfig(
    String name,
    Family family,
    int layers,
    int embedding,
    int heads,
    int kvHeads,
    int headSize,
    int feedForward,
    int experts,
    int expertsUsed,
    int vocabulary,
    int contextLength,
    float normEpsilon,
    RopeFacts rope) {

  /** Elements of all query heads of a token. */
  public int querySize() {
    return heads * headSize;
  }

  /** Elements of all key (or value) heads of a token. */
  public int kvSize() {
    return kvHeads * headSize;
  }

  /** Whether feed-forward blocks are routed. */
  public boolean isMoe() {
    return experts > 0;
  }
}

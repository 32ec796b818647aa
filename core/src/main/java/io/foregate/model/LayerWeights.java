package io.foregate.model;

/**
 * The weights of one pre-norm transformer block.
 *
 * @param attentionNorm RMSNorm weight, {@code [embedding]}
 * @param query {@code [heads * headSize, embedding]}
 * @param key {@code [kvHeads * headSize, embedding]}
 * @param value {@code [kvHeads * headSize, embedding]}
 * @param output {@code [embedding, heads * headSize]}
 * @param feedForwardNorm RMSNorm weight, {@code [embedding]}
 */
public record LayerWeights(
    float[] attentionNorm,
    Matrix query,
    Matrix key,
    Matrix value,
    Matrix output,
    float[] feedForwardNorm,
    FeedForward feedForward) {}

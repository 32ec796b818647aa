package io.foregate.model.weights;

/**
 * The weights of one pre-norm transformer block.
 *
 * @param attentionNorm as wide as the model
 * @param feedForwardNorm as wide as the model
 */
public record LayerWeights(
    Norm attentionNorm,
    AttentionWeights attention,
    Norm feedForwardNorm,
    FeedForward feedForward) {}

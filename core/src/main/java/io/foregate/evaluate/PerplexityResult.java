package io.foregate.evaluate;

import java.util.Optional;

/**
 * How well a model predicts a text.
 *
 * @param context tokens of a chunk
 * @param chunks that were read
 * @param error the standard error of {@code perplexity}
 * @param base how far another model is, if it was compared with one
 */
public record PerplexityResult(
    int context,
    int chunks,
    long scoredTokens,
    double perplexity,
    double error,
    double bitsPerToken,
    Optional<Against> base) {

  /** The other model's perplexity, and the divergence from its probabilities, in nats per token. */
  public record Against(
      double perplexity,
      double perplexityRatio,
      double klDivergence,
      double klDivergenceError,
      double klDivergenceMedian,
      double klDivergenceP99,
      double klDivergenceGreatest,
      double sameTopToken) {}
}

package io.foregate.evaluate;

/**
 * Perplexity of scored tokens, and the standard error of that estimate: {@code exp(mean)} and
 * {@code exp(mean) * sqrt(variance / (count - 1))} of the tokens' negative log likelihoods, as
 * llama-perplexity reckons.
 */
final class Perplexity {
  private double sum;
  private double sumOfSquares;
  private long count;

  /** Adds one token's negative log likelihood, in nats. */
  void add(double nll) {
    sum += nll;
    sumOfSquares += nll * nll;
    count++;
  }

  long count() {
    return count;
  }

  double value() {
    return Math.exp(sum / count);
  }

  /** The standard error of {@link #value()}. */
  double error() {
    double mean = sum / count;
    double variance = sumOfSquares / count - mean * mean;
    return variance > 0 ? Math.sqrt(variance / (count - 1)) * value() : 0;
  }

  /** Mean negative log likelihood in bits. */
  double bits() {
    return sum / count / Math.log(2);
  }
}

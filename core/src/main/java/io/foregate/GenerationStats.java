package io.foregate;

/**
 * How long a generation took.
 *
 * @param promptTokens tokens that were fed before the first one was made: all of the prompt, fewer
 *     if it was cancelled, none if no token was asked for
 * @param promptSeconds time to feed them and to pick the first token
 * @param decodedTokens tokens that were made, each by one step, after the first one (which the
 *     prompt pays for)
 * @param decodeSeconds time of those steps
 * @param timeToFirstTokenSeconds from the call to the first token; 0 if there was none
 * @param decodeMajorFaults how often the process waited during those steps for memory that the
 *     system had to read from a disk: weights that were not, or no more, in its cache; -1 where it
 *     does not tell
 */
public record GenerationStats(
    int promptTokens,
    double promptSeconds,
    int decodedTokens,
    double decodeSeconds,
    double timeToFirstTokenSeconds,
    long decodeMajorFaults) {

  /** Tokens per second while the prompt was fed; 0 if there were none. */
  public double promptTokensPerSecond() {
    return promptSeconds > 0 ? promptTokens / promptSeconds : 0;
  }

  /** Tokens per second after the first one; 0 if there were none. */
  public double decodeTokensPerSecond() {
    return decodeSeconds > 0 ? decodedTokens / decodeSeconds : 0;
  }
}

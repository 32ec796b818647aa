package io.foregate.options;

import io.foregate.error.ForegateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How to generate. Start from {@link #defaults()}, which leave to the model how it is sampled.
 *
 * @param maxTokens the most tokens to make; negative for as many as fit the context
 * @param sampling how tokens are picked; what it leaves open is taken from the model's file when a
 *     generation starts
 * @param seed the same seed gives the same text
 * @param stop strings at which the text ends; they are not part of it
 * @param specialTokens whether a prompt's {@code <|im_end|>} and the like stand for the model's
 *     special tokens, or are text as any other; a chat's messages are always text
 */
public record GenerateOptions(
    int maxTokens, Sampling sampling, long seed, List<String> stop, boolean specialTokens) {

  /** The most tokens of a text that nobody limited. */
  public static final int DEFAULT_MAX_TOKENS = 128;

  /** The seed of a text that nobody gave another one. */
  public static final long DEFAULT_SEED = 0;

  public GenerateOptions {
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(stop, "stop");
    stop.forEach(text -> Objects.requireNonNull(text, "a stop"));
    if (stop.stream().anyMatch(String::isEmpty)) {
      throw new ForegateException(
          "The stop is an empty string, expected some text.", "Change the option.");
    }
    stop = List.copyOf(stop);
  }

  /**
   * {@value #DEFAULT_MAX_TOKENS} tokens, sampled as the model's file recommends, seed {@value
   * #DEFAULT_SEED}.
   */
  public static GenerateOptions defaults() {
    return new GenerateOptions(DEFAULT_MAX_TOKENS, Sampling.open(), DEFAULT_SEED, List.of(), false);
  }

  public GenerateOptions withMaxTokens(int value) {
    return new GenerateOptions(value, sampling, seed, stop, specialTokens);
  }

  public GenerateOptions withSampling(Sampling sampling) {
    return new GenerateOptions(maxTokens, sampling, seed, stop, specialTokens);
  }

  public GenerateOptions withTemperature(float value) {
    return withSampling(sampling.withTemperature(value));
  }

  public GenerateOptions withTopK(int value) {
    return withSampling(sampling.withTopK(value));
  }

  public GenerateOptions withTopP(float value) {
    return withSampling(sampling.withTopP(value));
  }

  public GenerateOptions withMinP(float value) {
    return withSampling(sampling.withMinP(value));
  }

  public GenerateOptions withRepeatPenalty(float value) {
    return withSampling(sampling.withRepeatPenalty(value));
  }

  public GenerateOptions withRepeatLastN(int value) {
    return withSampling(sampling.withRepeatLastN(value));
  }

  public GenerateOptions withSeed(long value) {
    return new GenerateOptions(maxTokens, sampling, value, stop, specialTokens);
  }

  public GenerateOptions withStop(String... value) {
    Objects.requireNonNull(value, "value");
    return new GenerateOptions(maxTokens, sampling, seed, List.of(value), specialTokens);
  }

  public GenerateOptions withSpecialTokens(boolean value) {
    return new GenerateOptions(maxTokens, sampling, seed, stop, value);
  }

  /** These options with one more stop string. */
  public GenerateOptions andStop(String more) {
    Objects.requireNonNull(more, "more");
    List<String> all = new ArrayList<>(stop);
    all.add(more);
    return withStop(all.toArray(String[]::new));
  }
}

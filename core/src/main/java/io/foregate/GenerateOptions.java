package io.foregate;

import io.foregate.engine.SamplingOptions;
import io.foregate.error.ForegateException;
import java.util.ArrayList;
import java.util.List;

/**
 * How to generate. Start from {@link #defaults()}, which are llama.cpp's.
 *
 * @param maxTokens the most tokens to make; negative for as many as fit the context
 * @param temperature divides the logits; 0 always picks the most probable token
 * @param topK keep the k most probable tokens; 0 keeps all
 * @param topP keep the most probable tokens that together reach this probability; 1 keeps all
 * @param minP drop tokens less probable than this share of the most probable one; 0 keeps all
 * @param repeatPenalty makes recent tokens less probable; 1 does nothing
 * @param repeatLastN how many tokens are recent, of the prompt and of earlier turns, too
 * @param seed the same seed gives the same text
 * @param stop strings at which the text ends; they are not part of it
 */
public record GenerateOptions(
    int maxTokens,
    float temperature,
    int topK,
    float topP,
    float minP,
    float repeatPenalty,
    int repeatLastN,
    long seed,
    List<String> stop) {

  public GenerateOptions {
    check(temperature >= 0, "temperature", temperature, "0 or more");
    check(topK >= 0, "top-k", topK, "0 (off) or more");
    check(topP > 0 && topP <= 1, "top-p", topP, "above 0, up to 1");
    check(minP >= 0 && minP <= 1, "min-p", minP, "0 to 1");
    check(repeatPenalty > 0, "repeat penalty", repeatPenalty, "above 0");
    check(repeatLastN >= 0, "repeat window", repeatLastN, "0 or more");
    check(stop.stream().noneMatch(String::isEmpty), "stop", "an empty string", "some text");
    stop = List.copyOf(stop);
  }

  /** 128 tokens, temperature 0.8, top-k 40, top-p 0.95, min-p 0.05, no penalty, seed 0. */
  public static GenerateOptions defaults() {
    return new GenerateOptions(128, 0.8f, 40, 0.95f, 0.05f, 1f, 64, 0, List.of());
  }

  private static void check(boolean holds, String name, Object found, String expected) {
    if (!holds) {
      throw new ForegateException(
          "The %s is %s, expected %s.".formatted(name, found, expected), "Change the option.");
    }
  }

  public GenerateOptions withMaxTokens(int value) {
    return new GenerateOptions(
        value, temperature, topK, topP, minP, repeatPenalty, repeatLastN, seed, stop);
  }

  public GenerateOptions withTemperature(float value) {
    return new GenerateOptions(
        maxTokens, value, topK, topP, minP, repeatPenalty, repeatLastN, seed, stop);
  }

  public GenerateOptions withTopK(int value) {
    return new GenerateOptions(
        maxTokens, temperature, value, topP, minP, repeatPenalty, repeatLastN, seed, stop);
  }

  public GenerateOptions withTopP(float value) {
    return new GenerateOptions(
        maxTokens, temperature, topK, value, minP, repeatPenalty, repeatLastN, seed, stop);
  }

  public GenerateOptions withMinP(float value) {
    return new GenerateOptions(
        maxTokens, temperature, topK, topP, value, repeatPenalty, repeatLastN, seed, stop);
  }

  public GenerateOptions withRepeatPenalty(float value) {
    return new GenerateOptions(
        maxTokens, temperature, topK, topP, minP, value, repeatLastN, seed, stop);
  }

  public GenerateOptions withRepeatLastN(int value) {
    return new GenerateOptions(
        maxTokens, temperature, topK, topP, minP, repeatPenalty, value, seed, stop);
  }

  public GenerateOptions withSeed(long value) {
    return new GenerateOptions(
        maxTokens, temperature, topK, topP, minP, repeatPenalty, repeatLastN, value, stop);
  }

  public GenerateOptions withStop(String... value) {
    return new GenerateOptions(
        maxTokens, temperature, topK, topP, minP, repeatPenalty, repeatLastN, seed, List.of(value));
  }

  /** These options with one more stop string. */
  GenerateOptions andStop(String more) {
    List<String> all = new ArrayList<>(stop);
    all.add(more);
    return withStop(all.toArray(String[]::new));
  }

  /**
   * @param context the most tokens that there can be, and so be recent
   */
  SamplingOptions sampling(int context) {
    return new SamplingOptions(
        temperature, topK, topP, minP, repeatPenalty, Math.min(repeatLastN, context), seed);
  }
}

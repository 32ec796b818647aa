package io.foregate.options;

import io.foregate.error.ForegateException;
import java.util.Objects;
import java.util.Optional;

/**
 * How the next token is picked. What is empty is left open: a generation then takes what the
 * model's file recommends, and {@link #usual} where that says nothing.
 *
 * @param temperature divides the logits; 0 always picks the most probable token
 * @param topK keep the k most probable tokens; 0 keeps all
 * @param topP keep the most probable tokens that together reach this probability; 1 keeps all
 * @param minP drop tokens less probable than this share of the most probable one; 0 keeps all
 * @param repeatPenalty makes recent tokens less probable; 1 does nothing
 * @param repeatLastN how many tokens are recent, of the prompt and of earlier turns, too
 */
public record Sampling(
    Optional<Float> temperature,
    Optional<Integer> topK,
    Optional<Float> topP,
    Optional<Float> minP,
    Optional<Float> repeatPenalty,
    Optional<Integer> repeatLastN) {

  /** What {@link #usual} has. */
  public static final float USUAL_TEMPERATURE = 0.8f;

  /** Likewise. */
  public static final int USUAL_TOP_K = 40;

  /** Likewise. */
  public static final float USUAL_TOP_P = 0.95f;

  /** Likewise. */
  public static final float USUAL_MIN_P = 0.05f;

  /** Likewise: no penalty. */
  public static final float USUAL_REPEAT_PENALTY = 1;

  /** Likewise. */
  public static final int USUAL_REPEAT_LAST_N = 64;

  /** Checks the ranges. */
  public Sampling {
    Objects.requireNonNull(temperature, "temperature");
    Objects.requireNonNull(topK, "topK");
    Objects.requireNonNull(topP, "topP");
    Objects.requireNonNull(minP, "minP");
    Objects.requireNonNull(repeatPenalty, "repeatPenalty");
    Objects.requireNonNull(repeatLastN, "repeatLastN");
    temperature.ifPresent(t -> check(t >= 0, "temperature", t, "0 or more"));
    topK.ifPresent(k -> check(k >= 0, "top-k", k, "0 (off) or more"));
    topP.ifPresent(p -> check(p > 0 && p <= 1, "top-p", p, "above 0, up to 1"));
    minP.ifPresent(p -> check(p >= 0 && p <= 1, "min-p", p, "0 to 1"));
    repeatPenalty.ifPresent(p -> check(p > 0, "repeat penalty", p, "above 0"));
    repeatLastN.ifPresent(n -> check(n >= 0, "repeat window", n, "0 or more"));
  }

  private static void check(boolean holds, String name, Object found, String expected) {
    if (!holds) {
      throw new ForegateException(
          "The %s is %s, expected %s.".formatted(name, found, expected), "Change the option.");
    }
  }

  /** All left open. */
  public static Sampling open() {
    return new Sampling(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** llama.cpp's values; none of them is open. */
  public static Sampling usual() {
    return new Sampling(
        Optional.of(USUAL_TEMPERATURE),
        Optional.of(USUAL_TOP_K),
        Optional.of(USUAL_TOP_P),
        Optional.of(USUAL_MIN_P),
        Optional.of(USUAL_REPEAT_PENALTY),
        Optional.of(USUAL_REPEAT_LAST_N));
  }

  /** These values, and another's where these are open. */
  public Sampling or(Sampling other) {
    Objects.requireNonNull(other, "other");
    return new Sampling(
        temperature.or(other::temperature),
        topK.or(other::topK),
        topP.or(other::topP),
        minP.or(other::minP),
        repeatPenalty.or(other::repeatPenalty),
        repeatLastN.or(other::repeatLastN));
  }

  public Sampling withTemperature(float value) {
    return new Sampling(Optional.of(value), topK, topP, minP, repeatPenalty, repeatLastN);
  }

  public Sampling withTopK(int value) {
    return new Sampling(temperature, Optional.of(value), topP, minP, repeatPenalty, repeatLastN);
  }

  public Sampling withTopP(float value) {
    return new Sampling(temperature, topK, Optional.of(value), minP, repeatPenalty, repeatLastN);
  }

  public Sampling withMinP(float value) {
    return new Sampling(temperature, topK, topP, Optional.of(value), repeatPenalty, repeatLastN);
  }

  public Sampling withRepeatPenalty(float value) {
    return new Sampling(temperature, topK, topP, minP, Optional.of(value), repeatLastN);
  }

  public Sampling withRepeatLastN(int value) {
    return new Sampling(temperature, topK, topP, minP, repeatPenalty, Optional.of(value));
  }
}

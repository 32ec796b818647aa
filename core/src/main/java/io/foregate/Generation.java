package io.foregate;

import java.util.Objects;

/**
 * A finished generation.
 *
 * @param text the text that was made, without the prompt; in a {@link Chat}, the answer
 * @param reasoning in a {@link Chat}, what the model thought before it answered; else empty
 * @param promptTokens tokens of the prompt
 * @param tokens tokens that were made, an end-of-text token not counted
 * @param finishReason why it ended
 * @param stats how long it took
 */
public record Generation(
    String text,
    String reasoning,
    int promptTokens,
    int tokens,
    FinishReason finishReason,
    GenerationStats stats) {

  /** Refuses {@code null}, by the name of what is. */
  public Generation {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(reasoning, "reasoning");
    Objects.requireNonNull(finishReason, "finishReason");
    Objects.requireNonNull(stats, "stats");
  }

  /** The same generation, its text taken apart. */
  Generation withParts(String answer, String reasoning) {
    return new Generation(answer, reasoning, promptTokens, tokens, finishReason, stats);
  }
}

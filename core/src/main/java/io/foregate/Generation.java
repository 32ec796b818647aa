package io.foregate;

/**
 * A finished generation.
 *
 * @param text the text that was made, without the prompt
 * @param promptTokens tokens of the prompt
 * @param tokens tokens that were made, an end-of-text token not counted
 * @param finishReason why it ended
 * @param stats how long it took
 */
public record Generation(
    String text, int promptTokens, int tokens, FinishReason finishReason, GenerationStats stats) {}

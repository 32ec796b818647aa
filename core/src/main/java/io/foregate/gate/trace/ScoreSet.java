package io.foregate.gate.trace;

/**
 * The scores of one predictor.
 *
 * @param name what made them, e.g. {@code lookahead}
 * @param horizon layers that it looks ahead
 */
public record ScoreSet(String name, int horizon) {}

package io.foregate.gate.trace;

/**
 * The scores of one predictor.
 *
 * @param name what made them, e.g. {@code lookahead}
 * @param horizon layers that it looks ahead
 */
public record ScoreSet(String name, int horizon) {
  /** Lookahead gates after alignment. */
  public static final String LOOKAHEAD = "lookahead";

  /** Lookahead gates as they are initialised. */
  public static final String UNTRAINED = "untrained";

  /** The next layer's router on the current hidden state: Mixtral-offloading's predictor. */
  public static final String NEXT_ROUTER = "next-router";
}

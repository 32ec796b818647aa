package io.foregate.calibrate;

import io.foregate.gate.LookaheadGates;

/**
 * What is recorded.
 *
 * @param tokens of each text, at most; negative for all
 * @param horizon layers that untrained gates look ahead; 0 for {@value
 *     LookaheadGates#DEFAULT_HORIZON}, or all others of a model with fewer
 * @param generated how many of the last tokens of each chunk the model makes itself, greedily,
 *     instead of going on with the text
 */
public record TraceOptions(int tokens, int horizon, int generated) {

  /** The first 2048 tokens of each text. */
  public static TraceOptions defaults() {
    return new TraceOptions(2048, 0, 0);
  }

  public TraceOptions withTokens(int value) {
    return new TraceOptions(value, horizon, generated);
  }

  public TraceOptions withHorizon(int value) {
    return new TraceOptions(tokens, value, generated);
  }

  public TraceOptions withGenerated(int value) {
    return new TraceOptions(tokens, horizon, value);
  }
}

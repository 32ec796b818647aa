package io.foregate.schedule.policy;

/**
 * Who tells a policy which experts the next layers will use.
 *
 * @param predictor who predicts
 * @param horizon layers that it looks ahead
 * @param crossToken whether predictions beyond a token's last layer are used
 */
public record Prediction(PredictorKind predictor, int horizon, boolean crossToken) {
  /** Nobody predicts. */
  public static final Prediction NONE = new Prediction(PredictorKind.NONE, 0, false);
}

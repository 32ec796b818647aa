package io.foregate.schedule.policy;

/** Who tells a policy which experts the next layers will use. */
public enum PredictorKind {
  NONE,
  /** Mixtral-offloading's: the next layer's router on the current hidden state. */
  NEXT_ROUTER,
  /** Lookahead gates as they are initialised. */
  UNTRAINED,
  /** Lookahead gates after layer-wise gate alignment. */
  ALIGNED,
  /** Perfect foresight over the horizon, from a recorded trace. */
  ORACLE
}

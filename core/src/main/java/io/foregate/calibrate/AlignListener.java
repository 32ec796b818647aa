package io.foregate.calibrate;

import io.foregate.work.WorkListener;

/** Told how an alignment goes on. */
public interface AlignListener extends WorkListener {
  /** Looks at nothing, and never cancels. */
  AlignListener NONE = new AlignListener() {};

  /**
   * A round has been trained.
   *
   * @param recall of validation text, recall@k
   */
  default void trained(int round, int rounds, double loss, double recall) {}
}

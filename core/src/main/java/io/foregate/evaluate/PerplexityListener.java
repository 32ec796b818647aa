package io.foregate.evaluate;

import io.foregate.work.WorkListener;

/** Told how the reading of a text goes on. */
public interface PerplexityListener extends WorkListener {
  /** Looks at nothing, and never cancels. */
  PerplexityListener NONE = new PerplexityListener() {};

  /**
   * A chunk has been read.
   *
   * @param chunk counted from 1
   * @param perplexity of all tokens that were scored so far
   */
  default void scored(int chunk, double perplexity) {}
}

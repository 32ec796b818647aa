package io.foregate.work;

import java.util.concurrent.CancellationException;

/**
 * Told how long work goes on, and asked whether it is to go on at all. Methods may be called by any
 * of the threads that do the work; whatever one of them throws ends the work, as a failure does.
 */
public interface WorkListener {
  /** Looks at nothing, and never cancels. */
  WorkListener NONE = new WorkListener() {};

  /**
   * A part of the work begins; the one before it, if any, has ended.
   *
   * @param task what is done, in a word or two
   * @param total how much there is to do
   * @param unit what is counted: {@code "tokens"}, {@code "bytes"}
   */
  default void begin(String task, long total, String unit) {}

  /** So much more is done. */
  default void advance(long done) {}

  /** Something that whoever started the work may want to know, in one sentence. */
  default void note(String sentence) {}

  /** Whether the work is to end; asked between steps of a fraction of a second, about. */
  default boolean isCancelled() {
    return false;
  }

  /**
   * Long work calls this between steps.
   *
   * @throws CancellationException if it is to end; nothing half written is left behind
   */
  default void check() {
    if (isCancelled()) {
      throw new CancellationException("cancelled");
    }
  }
}

package io.foregate.cli;

import org.jline.utils.Signals;

/**
 * What Ctrl-C does in a conversation at a terminal: the first one ends the answer that is being
 * made, any other ends the command. Thread-safe.
 */
final class AnswerInterrupt implements AutoCloseable {
  private static final String SIGNAL = "INT";

  private final Object handlerBefore;
  private Thread answering;

  /**
   * Takes Ctrl-C over, until it is closed.
   *
   * @param otherwise what Ctrl-C does when no answer is being made
   */
  AnswerInterrupt(Runnable otherwise) {
    handlerBefore =
        Signals.register(
            SIGNAL,
            () -> {
              if (!endsAnswer()) {
                otherwise.run();
              }
            });
  }

  /** The current thread begins to answer. */
  synchronized void begin() {
    answering = Thread.currentThread();
  }

  /** The answer has ended; an interrupt that came too late for it is forgotten. */
  synchronized void end() {
    answering = null;
    Thread.interrupted();
  }

  /** Interrupts the answering thread; false if there is none, or it was interrupted before. */
  synchronized boolean endsAnswer() {
    if (answering == null) {
      return false;
    }
    answering.interrupt();
    answering = null;
    return true;
  }

  @Override
  public void close() {
    Signals.unregister(SIGNAL, handlerBefore);
  }
}

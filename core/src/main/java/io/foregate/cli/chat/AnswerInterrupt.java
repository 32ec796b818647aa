package io.foregate.cli.chat;

import org.jline.utils.Signals;

/**
 * What Ctrl-C does in a conversation at a terminal: the first one ends the answer that is being
 * made, any other ends the command. Thread-safe.
 */
final class AnswerInterrupt implements AutoCloseable {
  /** Where Ctrl-C is heard: the process, or a terminal that has the process's signals. */
  @FunctionalInterface
  interface Hook {
    /**
     * Has it do something.
     *
     * @return gives it back
     */
    Runnable take(Runnable handler);

    /** The process's. */
    static Hook ofProcess() {
      return handler -> {
        Object before = Signals.register(SIGNAL, handler);
        return () -> Signals.unregister(SIGNAL, before);
      };
    }
  }

  private static final String SIGNAL = "INT";

  private final Runnable giveBack;
  private Thread answering;

  /**
   * Takes Ctrl-C over, until it is closed.
   *
   * @param otherwise what Ctrl-C does when no answer is being made
   */
  AnswerInterrupt(Hook hook, Runnable otherwise) {
    giveBack =
        hook.take(
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
    giveBack.run();
  }
}

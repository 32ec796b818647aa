package io.foregate.cli.terminal;

/** Says whether the user has asked the running command to stop. Safe for use by many threads. */
public final class Cancellation {
  private volatile boolean requested;
  private volatile Runnable beforeExit = () -> {};

  public void request() {
    requested = true;
  }

  /** What is to be done when a signal ends a command that waits for input. */
  public void beforeExit(Runnable work) {
    beforeExit = work;
  }

  public void doBeforeExit() {
    beforeExit.run();
  }

  public boolean requested() {
    return requested;
  }

  /**
   * Long work calls this between steps.
   *
   * @throws CancelledException if a stop has been requested
   */
  public void check() {
    if (requested) {
      throw new CancelledException();
    }
  }

  /** Ends a command whose user pressed Ctrl-C. */
  public static final class CancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private CancelledException() {
      super("cancelled", null, false, false);
    }
  }
}

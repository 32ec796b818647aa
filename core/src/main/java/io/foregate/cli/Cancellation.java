package io.foregate.cli;

/** Says whether the user has asked the running command to stop. Safe for use by many threads. */
final class Cancellation {
  private volatile boolean requested;

  void request() {
    requested = true;
  }

  boolean requested() {
    return requested;
  }

  /**
   * Long work calls this between steps.
   *
   * @throws CancelledException if a stop has been requested
   */
  void check() {
    if (requested) {
      throw new CancelledException();
    }
  }

  /** Ends a command whose user pressed Ctrl-C. */
  static final class CancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private CancelledException() {
      super("cancelled", null, false, false);
    }
  }
}

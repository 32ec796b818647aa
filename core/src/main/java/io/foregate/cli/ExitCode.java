package io.foregate.cli;

/** What the process's exit code says. */
final class ExitCode {
  static final int OK = 0;
  static final int FAILURE = 1;
  static final int USAGE = 2;

  /** 128 + SIGINT, as a shell reports it. */
  static final int INTERRUPTED = 130;

  private ExitCode() {}
}

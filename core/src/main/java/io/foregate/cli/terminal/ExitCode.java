package io.foregate.cli.terminal;

/** What the process's exit code says. */
public final class ExitCode {
  public static final int OK = 0;
  public static final int FAILURE = 1;
  public static final int USAGE = 2;

  /** 128 + SIGINT, as a shell reports it. */
  public static final int INTERRUPTED = 130;

  private ExitCode() {}
}

package io.foregate.cli.terminal;

import io.foregate.error.ForegateException;

/** A failure of the command line itself: a file it cannot read or write, input that is no use. */
public final class CommandException extends ForegateException {
  private static final long serialVersionUID = 1L;

  public CommandException(String message, String hint) {
    super(message, hint);
  }

  public CommandException(String message, String hint, Throwable cause) {
    super(message, hint, cause);
  }
}

package io.foregate.cli;

import io.foregate.error.ForegateException;

/** A failure of the command line itself: a file it cannot read or write, input that is no use. */
final class CommandException extends ForegateException {
  private static final long serialVersionUID = 1L;

  CommandException(String message, String hint) {
    super(message, hint);
  }

  CommandException(String message, String hint, Throwable cause) {
    super(message, hint, cause);
  }
}

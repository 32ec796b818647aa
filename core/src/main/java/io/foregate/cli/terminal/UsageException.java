package io.foregate.cli.terminal;

import io.foregate.error.ForegateException;

/** Options that make no sense, alone or together: exit code 2. */
public final class UsageException extends ForegateException {
  private static final long serialVersionUID = 1L;

  public UsageException(String message, String hint) {
    super(message, hint);
  }
}

package io.foregate.cli;

import io.foregate.error.ForegateException;

/** Options that make no sense, alone or together: exit code 2. */
final class UsageException extends ForegateException {
  private static final long serialVersionUID = 1L;

  UsageException(String message, String hint) {
    super(message, hint);
  }
}

package io.foregate.cli;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Shows on the terminal, as messages of the command's own, what Foregate logs while a command runs:
 * warnings, and with {@code --verbose} everything. {@link System.Logger} ends in java.util.logging,
 * whose default would print two lines of another look, into the middle of a line of output.
 */
final class CommandLog implements AutoCloseable {
  /** Held here: java.util.logging forgets loggers, and their levels, that nobody holds. */
  private final Logger logger = Logger.getLogger("io.foregate");

  private final Handler handler;

  CommandLog(Terminal terminal) {
    this.handler = new Lines(terminal);
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    show(false);
  }

  /** Says how much is shown. */
  void show(boolean everything) {
    logger.setLevel(everything ? Level.FINE : Level.WARNING);
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
    logger.setLevel(null);
  }

  private static final class Lines extends Handler {
    private final Terminal terminal;

    Lines(Terminal terminal) {
      this.terminal = terminal;
      setFormatter(new SimpleFormatter());
    }

    @Override
    public void publish(LogRecord entry) {
      String cause = entry.getThrown() == null ? "" : ": " + entry.getThrown();
      terminal.aside("foregate: " + getFormatter().formatMessage(entry) + cause);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}

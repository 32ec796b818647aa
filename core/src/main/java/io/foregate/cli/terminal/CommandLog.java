package io.foregate.cli.terminal;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Shows on the terminal, as messages of the command's own, what Foregate logs while a command runs:
 * what a user should know (DEBUG), and with {@code --verbose} everything (TRACE). {@link
 * System.Logger} ends in java.util.logging, which prints what is higher, two lines of another look
 * each, in every program that uses the library; so nothing is higher.
 */
public final class CommandLog implements AutoCloseable {
  /** Held here: java.util.logging forgets loggers, and their levels, that nobody holds. */
  private final Logger logger = Logger.getLogger("io.foregate");

  /** JLine logs what it could not find out about a terminal: nothing that a user can mend. */
  private final Logger terminals = Logger.getLogger("org.jline");

  private final Handler handler;

  public CommandLog(Terminal terminal) {
    this.handler = new Lines(terminal);
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    terminals.setLevel(Level.OFF);
    show(false);
  }

  /** Says how much is shown. */
  public void show(boolean everything) {
    logger.setLevel(everything ? Level.FINER : Level.FINE);
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
    logger.setLevel(null);
    terminals.setLevel(null);
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

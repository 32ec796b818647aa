package io.foregate.store;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** What the store logs for users while this is open, which then reach nobody else. */
final class LogRecorder implements AutoCloseable {
  private final Logger logger = Logger.getLogger(ExpertStore.class.getName());
  private final List<String> warnings = new CopyOnWriteArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord log) {
          if (log.getLevel().intValue() >= Level.FINE.intValue()) {
            warnings.add(new SimpleFormatter().formatMessage(log));
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  LogRecorder() {
    logger.addHandler(handler);
    logger.setLevel(Level.FINE);
    logger.setUseParentHandlers(false);
  }

  List<String> warnings() {
    return warnings;
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
    logger.setLevel(null);
  }
}

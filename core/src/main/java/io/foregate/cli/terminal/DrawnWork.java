package io.foregate.cli.terminal;

import io.foregate.work.WorkListener;

/** A command's own listener, which leaves to a {@link ShellListener} what all work has. */
public interface DrawnWork extends WorkListener, AutoCloseable {
  /** Draws the work; closed with this. */
  ShellListener bar();

  @Override
  default void begin(String task, long total, String unit) {
    bar().begin(task, total, unit);
  }

  @Override
  default void advance(long done) {
    bar().advance(done);
  }

  @Override
  default void note(String sentence) {
    bar().note(sentence);
  }

  @Override
  default boolean isCancelled() {
    return bar().isCancelled();
  }

  @Override
  default void close() {
    bar().close();
  }
}

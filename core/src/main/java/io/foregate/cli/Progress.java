package io.foregate.cli;

import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on standard error, drawn only when a person watches it. */
final class Progress implements AutoCloseable {
  private static final int WIDTH = 80;
  private static final Duration REFRESH = Duration.ofMillis(200);

  /** {@code null} when nobody watches. */
  private final ProgressBar bar;

  private Progress(ProgressBar bar) {
    this.bar = bar;
  }

  /** A bar that is never drawn. */
  static Progress none() {
    return new Progress(null);
  }

  /** Begins a task of {@code total} steps; close it to end its line. */
  static Progress of(Terminal terminal, String task, long total) {
    if (!terminal.errIsTerminal()) {
      return none();
    }
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUpdateIntervalMillis((int) REFRESH.toMillis())
            .setStyle(ProgressBarStyle.ASCII)
            .setConsumer(new ConsoleProgressBarConsumer(terminal.err(), WIDTH))
            .build());
  }

  void step(long steps) {
    if (bar != null) {
      bar.stepBy(steps);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}

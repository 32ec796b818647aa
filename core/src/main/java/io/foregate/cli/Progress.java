package io.foregate.cli;

import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar on standard error, drawn only when a person watches it. It makes way for results
 * that are printed on the same screen.
 */
final class Progress implements AutoCloseable {
  private static final int WIDTH = 79;
  private static final Duration REFRESH = Duration.ofMillis(200);

  /** {@code null} when nobody watches. */
  private final ProgressBar bar;

  private Progress(ProgressBar bar) {
    this.bar = bar;
  }

  /** Begins a task of {@code total} steps; close it to end its line. */
  static Progress of(Terminal terminal, String task, long total) {
    if (!terminal.errIsTerminal()) {
      return new Progress(null);
    }
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUpdateIntervalMillis((int) REFRESH.toMillis())
            .setStyle(ProgressBarStyle.ASCII)
            .setConsumer(new StatusLine(terminal))
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

  /** Draws the bar through the terminal, which knows what else is being printed. */
  private record StatusLine(Terminal terminal) implements ProgressBarConsumer {
    @Override
    public int getMaxRenderedLength() {
      return WIDTH;
    }

    @Override
    public void accept(String bar) {
      terminal.drawStatus(bar.substring(0, Math.min(bar.length(), WIDTH)));
    }

    @Override
    public void close() {
      terminal.endStatus();
    }
  }
}

package io.foregate.cli.terminal;

import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar on standard error, drawn only when a person watches it; elsewhere one line says
 * that long work is done. It makes way for results that are printed on the same screen.
 */
public final class Progress implements AutoCloseable {
  private static final int WIDTH = 79;
  private static final Duration REFRESH = Duration.ofMillis(200);

  /** {@code null} when nobody watches. */
  private final ProgressBar bar;

  private final StatusLine line;

  /** Says once that there is work, where nobody watches; {@code null} otherwise. */
  private final LongWork work;

  private Progress(ProgressBar bar, StatusLine line, LongWork work) {
    this.bar = bar;
    this.line = line;
    this.work = work;
  }

  /** Begins a task of {@code total} steps; close it to end its line. */
  static Progress of(Terminal terminal, String task, long total) {
    return of(terminal, task, total, "", 1);
  }

  /** Begins a task of {@code total} bytes; close it to end its line. */
  public static Progress ofBytes(Terminal terminal, String task, long total) {
    return of(terminal, task, total, " MiB", 1 << 20);
  }

  private static Progress of(
      Terminal terminal, String task, long total, String unit, long unitSize) {
    if (!terminal.errIsTerminal()) {
      return new Progress(null, null, LongWork.of(terminal, "at work (%s)".formatted(task)));
    }
    StatusLine line = new StatusLine(terminal);
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUnit(unit, unitSize)
            .setUpdateIntervalMillis((int) REFRESH.toMillis())
            .setStyle(ProgressBarStyle.ASCII)
            .setConsumer(line)
            .build(),
        line,
        null);
  }

  public void step(long steps) {
    if (bar != null) {
      bar.stepBy(steps);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      line.close();
    } else {
      work.close();
    }
  }

  /**
   * Draws the bar through the terminal, which knows what else is being printed. The library may
   * still be drawing on a thread of its own when its bar has been closed: once ended, the line
   * stays as it is.
   */
  private static final class StatusLine implements ProgressBarConsumer {
    private final Terminal terminal;
    private boolean ended;

    StatusLine(Terminal terminal) {
      this.terminal = terminal;
    }

    @Override
    public int getMaxRenderedLength() {
      return WIDTH;
    }

    @Override
    public synchronized void accept(String bar) {
      if (!ended) {
        terminal.drawStatus(bar.substring(0, Math.min(bar.length(), WIDTH)));
      }
    }

    @Override
    public synchronized void close() {
      if (!ended) {
        ended = true;
        terminal.endStatus();
      }
    }
  }
}

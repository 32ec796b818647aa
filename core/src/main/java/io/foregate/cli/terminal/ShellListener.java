package io.foregate.cli.terminal;

import io.foregate.work.WorkListener;

/** Draws work as a bar, and cancels it when the user asks for that. */
public final class ShellListener implements WorkListener, AutoCloseable {
  private final Shell shell;
  private Progress bar;

  public ShellListener(Shell shell) {
    this.shell = shell;
  }

  @Override
  public synchronized void begin(String task, long total, String unit) {
    close();
    bar =
        unit.equals("bytes")
            ? Progress.ofBytes(shell.terminal(), task, total)
            : Progress.of(shell.terminal(), task, total);
  }

  @Override
  public synchronized void advance(long done) {
    if (bar != null) { // others may still be at work when one has failed
      bar.step(done);
    }
  }

  @Override
  public synchronized void note(String sentence) {
    shell.terminal().message("foregate: " + sentence);
  }

  @Override
  public boolean isCancelled() {
    return shell.cancellation().requested();
  }

  @Override
  public synchronized void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}

package io.foregate.cli;

import io.foregate.LoadListener;
import io.foregate.store.BuildListener;

/** Draws how the opening of a model goes on, where it takes long. */
final class LoadProgress implements BuildListener, LoadListener, AutoCloseable {
  private final Terminal terminal;
  private Progress bar;

  LoadProgress(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public void begin(String task, long bytes) {
    close();
    bar = Progress.ofBytes(terminal, task, bytes);
  }

  @Override
  public void advance(long bytes) {
    bar.step(bytes);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}

package io.foregate.cli.terminal;

import io.foregate.LoadListener;
import io.foregate.store.BuildListener;

/** Draws how the opening of a model goes on, where it takes long. */
public final class LoadProgress implements BuildListener, LoadListener, AutoCloseable {
  private final Terminal terminal;
  private final LongWork opening;
  private Progress bar;

  public LoadProgress(Terminal terminal) {
    this.terminal = terminal;
    this.opening = LongWork.of(terminal, "opening the model");
  }

  @Override
  public void begin(String task, long bytes) {
    close(); // the bar says more
    bar = Progress.ofBytes(terminal, task, bytes);
  }

  @Override
  public void advance(long bytes) {
    bar.step(bytes);
  }

  @Override
  public void close() {
    opening.close();
    if (bar != null) {
      bar.close();
    }
  }
}

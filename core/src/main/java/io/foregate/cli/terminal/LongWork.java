package io.foregate.cli.terminal;

import java.time.Duration;

/**
 * Says what a command does that has been silent for a while: to a person a line that counts
 * seconds, elsewhere one plain line. Closed when the work has ended, or when something else shows
 * that it goes on.
 */
public final class LongWork implements AutoCloseable {
  private static final Duration REDRAWN = Duration.ofSeconds(1);

  private final Terminal terminal;
  private final String what;
  private final long begin = System.nanoTime();
  private final Thread teller;
  private boolean ended;

  private LongWork(Terminal terminal, String what) {
    this.terminal = terminal;
    this.what = what;
    this.teller = Thread.ofPlatform().name("foregate-long-work").daemon().unstarted(this::tell);
  }

  /**
   * Begins.
   *
   * @param what is done, as in "reading the prompt"
   */
  public static LongWork of(Terminal terminal, String what) {
    var work = new LongWork(terminal, what);
    if (terminal.patience().isZero()) {
      work.draw();
    } else {
      work.teller.start();
    }
    return work;
  }

  private void tell() {
    try {
      Thread.sleep(terminal.patience());
      while (draw()) {
        Thread.sleep(REDRAWN);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** Says it; whether it is to be said again. */
  private synchronized boolean draw() {
    if (ended) {
      return false;
    }
    if (!terminal.errIsTerminal()) {
      terminal.aside("foregate: %s; this may take a while.".formatted(what));
      return false;
    }
    long seconds = (System.nanoTime() - begin) / 1_000_000_000;
    terminal.drawStatus("foregate: %s, %d s".formatted(what, seconds));
    return true;
  }

  @Override
  public void close() {
    end();
  }

  /** Nothing is said any more. Ending twice does nothing. */
  public synchronized void end() {
    if (!ended) {
      ended = true;
      teller.interrupt();
      terminal.clearStatus();
    }
  }
}

package io.foregate.engine;

import java.util.concurrent.locks.ReentrantLock;

/**
 * The turns that the sessions of a model take on its threads and scratch, and whether the model is
 * still open. Thread-safe.
 */
final class DeviceLock {
  /** Fair: a session that has more batches to feed queues behind those that wait. */
  private final ReentrantLock turn = new ReentrantLock(true);

  private volatile boolean closed;

  /**
   * Waits for a turn, which {@link #release} ends.
   *
   * @throws IllegalStateException if the model has been closed: its weights are no longer mapped
   */
  void acquire() {
    turn.lock();
    if (closed) {
      turn.unlock();
      requireOpen();
    }
  }

  void release() {
    turn.unlock();
  }

  /**
   * Fails early, without waiting for a turn.
   *
   * @throws IllegalStateException if the model has been closed
   */
  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the model has been closed");
    }
  }

  /** Waits for the turn that is being taken, then runs {@code resources}; a second time nothing. */
  void close(Runnable resources) {
    turn.lock();
    try {
      if (!closed) {
        closed = true;
        resources.run();
      }
    } finally {
      turn.unlock();
    }
  }
}

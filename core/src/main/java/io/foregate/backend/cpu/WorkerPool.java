package io.foregate.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of threads that split index ranges, the caller being one of them.
 *
 * <p>A token passes dozens of short parallel regions, each a few microseconds long, so idle workers
 * spin for a moment before they park: waking a parked thread takes longer than most regions. One
 * region at a time, started by one thread; starting one allocates nothing.
 */
final class WorkerPool implements AutoCloseable {
  /** Spins before an idle worker parks: some tens of microseconds. */
  private static final int SPINS = 20_000;

  /** Spins before a waiting caller starts to yield, for machines with fewer cores than threads. */
  private static final int CALLER_SPINS = 20_000;

  /** A piece of work: indices {@code [from, to)}, done by one worker. */
  interface RangeTask {
    /**
     * @param worker 0 up to {@link WorkerPool#size}, for scratch memory
     */
    void run(int from, int to, int worker);
  }

  private final Thread[] threads;
  private final AtomicInteger nextIndex = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger generation = new AtomicInteger();
  private final AtomicInteger parked = new AtomicInteger();
  private volatile boolean closed;
  private volatile Throwable failure;
  private RangeTask task;
  private int total;
  private int chunk;

  WorkerPool(int size) {
    threads = new Thread[size - 1];
    for (int i = 0; i < threads.length; i++) {
      int worker = i + 1;
      threads[i] = new Thread(() -> serve(worker), "foregate-worker-" + worker);
      threads[i].setDaemon(true);
      threads[i].start();
    }
  }

  /** Threads, the caller included. */
  int size() {
    return threads.length + 1;
  }

  /**
   * Runs {@code task} over {@code [0, total)} in pieces of {@code chunk} indices, and returns when
   * all are done.
   */
  void run(int total, int chunk, RangeTask task) {
    if (threads.length == 0 || total <= chunk) {
      task.run(0, total, 0);
      return;
    }
    this.task = task;
    this.total = total;
    this.chunk = chunk;
    nextIndex.set(0);
    running.set(threads.length);
    generation.incrementAndGet(); // publishes the fields above
    if (parked.get() != 0) {
      wakeAll();
    }
    work(0);
    await();
    if (failure != null) {
      throw failed();
    }
  }

  private void wakeAll() {
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
  }

  private IllegalStateException failed() {
    Throwable cause = failure;
    failure = null;
    return new IllegalStateException("A compute thread failed: " + cause, cause);
  }

  @SuppressWarnings("ThreadPriorityCheck") // more threads than cores: let the workers have ours
  private void await() {
    int spins = 0;
    while (running.get() != 0) {
      if (++spins < CALLER_SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  private void serve(int worker) {
    int seen = 0;
    while (awaitRegion(seen)) {
      seen = generation.get();
      work(worker);
      running.decrementAndGet();
    }
  }

  /** Returns true when there is a region newer than {@code seen}, false when the pool is closed. */
  private boolean awaitRegion(int seen) {
    int spins = 0;
    while (generation.get() == seen) {
      if (closed) {
        return false;
      }
      if (++spins < SPINS) {
        Thread.onSpinWait();
      } else {
        park(seen);
      }
    }
    return true;
  }

  private void park(int seen) {
    parked.incrementAndGet(); // before the check: the caller looks at it after its increment
    if (generation.get() == seen && !closed) {
      LockSupport.park(this);
    }
    parked.decrementAndGet();
  }

  private void work(int worker) {
    try {
      int size = chunk;
      for (int from = nextIndex.getAndAdd(size); from < total; from = nextIndex.getAndAdd(size)) {
        task.run(from, Math.min(from + size, total), worker);
      }
    } catch (Throwable e) {
      failure = e;
      nextIndex.set(total);
    }
  }

  @Override
  public void close() {
    closed = true;
    wakeAll();
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}

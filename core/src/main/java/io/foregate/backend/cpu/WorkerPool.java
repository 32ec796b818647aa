package io.foregate.backend.cpu;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of threads that split index ranges, the caller being one of them.
 *
 * <p>A token passes dozens of short parallel regions, each a few microseconds long, so idle workers
 * spin for a moment before they park: waking a parked thread takes longer than most regions. A
 * region ends when its indices are done, not when all workers have looked in: on a busy machine the
 * caller does not wait for a worker that the scheduler has put aside. One region at a time, started
 * by one thread; starting one allocates nothing.
 */
final class WorkerPool implements AutoCloseable {
  /** Spins before an idle worker parks: some tens of microseconds. */
  private static final int SPINS = 2_000;

  /** Index of a region that is over: above every index that a region can have. */
  private static final long OVER = Integer.MAX_VALUE;

  /** A piece of work: indices {@code [from, to)}, done by one worker. */
  interface RangeTask {
    /**
     * @param worker 0 up to {@link WorkerPool#size}, for scratch memory
     */
    void run(int from, int to, int worker);
  }

  private final Thread[] threads;

  /**
   * The region's number in the high half, its next index in the low half. A worker that claims an
   * index by compare-and-set knows that the fields below still belong to that region.
   */
  private final AtomicLong state = new AtomicLong(OVER);

  private final AtomicInteger remaining = new AtomicInteger();
  private final AtomicInteger parked = new AtomicInteger();
  private volatile boolean closed;
  private volatile Throwable failure;
  private volatile RangeTask task;
  private volatile int total;
  private volatile int chunk;

  WorkerPool(int size) {
    this(size, Thread.ofPlatform().daemon().name("foregate-worker-", 1).factory());
  }

  /**
   * @param size threads, the caller included
   * @param factory makes the others
   */
  WorkerPool(int size, ThreadFactory factory) {
    threads = new Thread[size - 1];
    int started = 0;
    try {
      for (; started < threads.length; started++) {
        int worker = started + 1;
        threads[started] = factory.newThread(() -> serve(worker));
        threads[started].start();
      }
    } catch (Throwable e) { // the system has no more threads: give back those that it gave
      end(started);
      throw e;
    }
  }

  /** Threads, the caller included. */
  int size() {
    return threads.length + 1;
  }

  /**
   * Runs {@code task} over {@code [0, total)} in pieces, and returns when all are done.
   *
   * <p>Pieces become smaller towards the end: guided self-scheduling, with factoring's half
   * (Hummel, Schonberg, Flynn, Communications of the ACM 35 (8), 1992). So there are few, and the
   * workers end together however fast each of them is.
   *
   * @param total less than 2^30
   * @param chunk the smallest piece, of which the others are multiples
   */
  void run(int total, int chunk, RangeTask task) {
    if (threads.length == 0 || total <= chunk) {
      task.run(0, total, 0);
      return;
    }
    this.task = task;
    this.total = total;
    this.chunk = chunk;
    remaining.set(total);
    long region = (state.get() >>> Integer.SIZE) + 1;
    state.set(region << Integer.SIZE);
    if (parked.get() != 0) {
      wakeAll();
    }
    work(0);
    await();
    state.set((region << Integer.SIZE) | OVER); // before the next region's fields are written
    if (failure != null) {
      throw failed();
    }
  }

  private void wakeAll() {
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
  }

  /** Lets the first {@code count} threads return, and waits for them. */
  private void end(int count) {
    closed = true;
    for (int i = 0; i < count; i++) {
      LockSupport.unpark(threads[i]);
    }
    for (int i = 0; i < count; i++) {
      try {
        threads[i].join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
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
    while (remaining.get() != 0) {
      if (++spins < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  private void serve(int worker) {
    long seen = 0;
    while (awaitRegion(seen)) {
      seen = state.get() >>> Integer.SIZE;
      work(worker);
    }
  }

  /** Returns true when there is a region newer than {@code seen}, false when the pool is closed. */
  private boolean awaitRegion(long seen) {
    int spins = 0;
    while (state.get() >>> Integer.SIZE == seen) {
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

  private void park(long seen) {
    parked.incrementAndGet(); // before the check: the caller looks at it after it set the state
    if (state.get() >>> Integer.SIZE == seen && !closed) {
      LockSupport.park(this);
    }
    parked.decrementAndGet();
  }

  /** Claims and does pieces of the current region until there are no more. */
  private void work(int worker) {
    while (true) {
      long now = state.get();
      int from = (int) now;
      int least = chunk;
      int end = total;
      RangeTask todo = task;
      if (from >= end) {
        return;
      }
      int share = (end - from) / (2 * size());
      int size = Math.max(least, share - share % least);
      if (state.compareAndSet(now, now + size)) {
        int to = Math.min(from + size, end);
        try {
          todo.run(from, to, worker);
        } catch (Throwable e) {
          failure = e;
        } finally {
          remaining.addAndGet(from - to);
        }
      }
    }
  }

  @Override
  public void close() {
    end(threads.length);
  }
}

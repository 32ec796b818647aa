package io.foregate.store;

import io.foregate.error.ForegateException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;

/**
 * Packs all records on threads of its own and hands them over in order. A few records are on their
 * way at a time, so that a writer needs memory for those only.
 */
final class RecordBuilder {
  /** Where the records go. */
  interface Destination {
    /**
     * Memory for a record. Called on the thread that packs it: the first touch of new memory, which
     * zeroes it, costs as much as packing.
     */
    MemorySegment memory(int record);

    /**
     * A record is packed; its memory may be used for another. Called on the thread that builds, in
     * the order of the records.
     */
    void packed(int record, MemorySegment memory);
  }

  private record Pending(int record, Future<MemorySegment> packing) {}

  private final ExpertSource source;
  private final int threads;
  private final BuildListener listener;

  RecordBuilder(ExpertSource source, int threads, BuildListener listener) {
    this.source = source;
    this.threads = threads;
    this.listener = listener;
  }

  /** How many records may be between {@code memory} and {@code packed}. */
  int window() {
    return threads + 1;
  }

  /**
   * Packs all records, and returns when no thread is at work any more.
   *
   * @throws ForegateException if the thread was interrupted; what packing or the destination throws
   *     is passed on
   */
  void build(String task, Destination destination) {
    listener.begin(task, source.bytes());
    ThreadFactory factory = Thread.ofPlatform().daemon().name("foregate-store-", 1).factory();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads, factory)) {
      try {
        pump(pool, destination);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ForegateException(
            "Building the expert store was interrupted; nothing was kept.", "Start again.", e);
      } finally {
        pool.shutdownNow();
      }
    }
  }

  private void pump(ExecutorService pool, Destination destination) throws InterruptedException {
    Deque<Pending> pending = new ArrayDeque<>();
    for (int record = 0; record < source.records(); record++) {
      if (pending.size() == window()) {
        finish(pending.removeFirst(), destination);
      }
      int number = record;
      pending.addLast(new Pending(record, pool.submit(() -> pack(number, destination))));
    }
    while (!pending.isEmpty()) {
      finish(pending.removeFirst(), destination);
    }
    for (int record = 0; record < source.records(); record++) {
      source.letGo(record); // the system has mapped pages beside those that were read
    }
  }

  private MemorySegment pack(int record, Destination destination) {
    MemorySegment memory = destination.memory(record);
    source.pack(record, memory);
    return memory;
  }

  private void finish(Pending next, Destination destination) throws InterruptedException {
    MemorySegment memory;
    try {
      memory = next.packing().get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        default -> throw new IllegalStateException(e.getCause());
      }
    }
    destination.packed(next.record(), memory);
    source.letGo(next.record());
    listener.advance(source.recordBytes(next.record()));
  }
}

package io.foregate.bench.measure;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;

/**
 * The memory's own speed: threads that do nothing but read a buffer far larger than caches.
 *
 * <p>One long of each cache line is added up, since a line comes as a whole. Eight streams a
 * thread: where a single one was read, prefetchers kept memory half as busy. Timed by one thread at
 * a time.
 */
public final class ReadLoop implements AutoCloseable {
  /** Ten times a large last-level cache. */
  private static final long BYTES = 1L << 30;

  /** Read in one go; a call's end is when a compiled version is entered. */
  private static final int PIECE = 1 << 20;

  private static final int STREAMS = 8;
  private static final int LINE = 64;

  /** Of the buffer, in a sample: tenths of a second. */
  private static final int PASSES = 4;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer;
  private final ExecutorService threads;
  private final List<Callable<Long>> parts;

  /** Over a gigabyte. */
  public ReadLoop(int threads) {
    this(threads, BYTES);
  }

  /**
   * @param bytes of the buffer, cut to whole megabytes per thread, of which each has one or more
   */
  public ReadLoop(int threads, long bytes) {
    long part = Math.max(PIECE, bytes / threads / PIECE * PIECE);
    this.buffer = arena.allocate(part * threads, LINE);
    this.threads = Executors.newFixedThreadPool(threads, Thread.ofPlatform().daemon().factory());
    this.parts =
        LongStream.range(0, threads)
            .mapToObj(i -> (Callable<Long>) () -> read(buffer.asSlice(i * part, part)))
            .toList();
    // Pages that were never written would all be the system's one page of zeros.
    for (long at = 0; at < buffer.byteSize(); at += Long.BYTES) {
      buffer.set(JAVA_LONG, at, at);
    }
  }

  /** Bytes that a sample reads. */
  public long bytes() {
    return PASSES * buffer.byteSize();
  }

  /** One sample, in nanoseconds. */
  public long time() {
    long begin = System.nanoTime();
    long sum = sum();
    long nanos = System.nanoTime() - begin;
    if (sum != expected()) {
      throw new IllegalStateException("the loop has not read what it should have");
    }
    return nanos;
  }

  /** Of the first long of every line, a pass after the other. */
  private long sum() {
    try {
      long sum = 0;
      for (Future<Long> part : threads.invokeAll(parts)) {
        sum += part.get();
      }
      return sum;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while memory was read", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Each line begins with its own place in the buffer. */
  private long expected() {
    long lines = buffer.byteSize() / LINE;
    return PASSES * LINE * (lines * (lines - 1) / 2);
  }

  private static long read(MemorySegment part) {
    long sum = 0;
    for (int pass = 0; pass < PASSES; pass++) {
      for (long from = 0; from < part.byteSize(); from += PIECE) {
        sum += readPiece(part, from);
      }
    }
    return sum;
  }

  private static long readPiece(MemorySegment part, long from) {
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    long stream = PIECE / STREAMS;
    for (long at = from; at < from + stream; at += LINE) {
      a += part.get(JAVA_LONG, at) + part.get(JAVA_LONG, at + stream);
      b += part.get(JAVA_LONG, at + 2 * stream) + part.get(JAVA_LONG, at + 3 * stream);
      c += part.get(JAVA_LONG, at + 4 * stream) + part.get(JAVA_LONG, at + 5 * stream);
      d += part.get(JAVA_LONG, at + 6 * stream) + part.get(JAVA_LONG, at + 7 * stream);
    }
    return a + b + c + d;
  }

  @Override
  public void close() {
    threads.close();
    arena.close();
  }
}

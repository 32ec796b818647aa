package io.foregate.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/**
 * A copy that takes as long as it would over a link of a given speed: the bytes move in chunks, and
 * after each chunk the thread waits for its time.
 */
final class ThrottledLink {
  private static final long CHUNK = 256 << 10;

  /** Parking may last this much longer than asked for: what is left is spun away. */
  private static final long PARK_ERROR_NANOS = 100_000;

  private final double bytesPerNano;

  /**
   * @param gbps GB/s; 0 for no waiting
   */
  ThrottledLink(double gbps) {
    this.bytesPerNano = gbps; // 1 GB/s is 1 byte/ns
  }

  /** Copies {@code bytes} bytes. */
  void copy(MemorySegment from, long fromOffset, MemorySegment to, long toOffset, long bytes) {
    long start = System.nanoTime();
    for (long done = 0; done < bytes; ) {
      long chunk = Math.min(CHUNK, bytes - done);
      MemorySegment.copy(from, fromOffset + done, to, toOffset + done, chunk);
      done += chunk;
      if (bytesPerNano > 0) {
        waitUntil(start + (long) (done / bytesPerNano));
      }
    }
  }

  private static void waitUntil(long time) {
    long left = time - System.nanoTime();
    while (left > 0) {
      if (left > 2 * PARK_ERROR_NANOS) {
        LockSupport.parkNanos(left - PARK_ERROR_NANOS);
      } else {
        Thread.onSpinWait();
      }
      left = time - System.nanoTime();
    }
  }
}

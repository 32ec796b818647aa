package io.foregate.tornado.copy;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * CUDA's asynchronous copies on a stream of their own, through a ring of page-locked host memory:
 * while the device takes one chunk of a record, the next are filled.
 */
final class CudaUpload implements Upload {
  /** Chunks in the ring: one that is filled, one that is copied, and as many to even them out. */
  static final int RING = 4;

  /** Below this, a chunk is not worth several threads. */
  private static final long MIN_PART = 1 << 20;

  /** One thread moves but a part of what the bus does. */
  private static final int FILLERS = 4;

  private final CudaDriver driver;
  private final long pool;
  private final long chunkBytes;
  private final long context;
  private final long[] copied = new long[RING];
  private final boolean[] inUse = new boolean[RING];
  private long stream;
  private long begun;
  private MemorySegment ring;
  private long deviceNanos;

  /**
   * @param pool device pointer of the pool's first word
   * @param chunkBytes of a chunk, a multiple of 4
   * @throws RuntimeException if the driver refuses
   */
  CudaUpload(CudaDriver driver, long pool, long chunkBytes) {
    this.driver = driver;
    this.pool = pool;
    this.chunkBytes = chunkBytes;
    this.context = driver.contextOf(pool);
    driver.makeCurrent(context);
    try {
      this.stream = driver.newStream();
      this.begun = driver.newEvent();
      for (int i = 0; i < RING; i++) {
        copied[i] = driver.newEvent();
      }
      this.ring = driver.allocatePinned(RING * chunkBytes);
    } catch (RuntimeException e) {
      release(e);
      throw e;
    }
  }

  @Override
  public void write(MemorySegment source, long from, long bytes, int word) {
    driver.makeCurrent(context); // TornadoVM uses this thread, too
    try {
      driver.record(begun, stream);
      int last = 0;
      int next = 0;
      for (long done = 0; done < bytes; done += chunkBytes) {
        long part = Math.min(chunkBytes, bytes - done);
        send(source.asSlice(from + done, part), pool + 4L * word + done, next);
        last = next;
        next = (next + 1) % RING;
      }
      driver.await(copied[last]);
      deviceNanos = driver.nanosBetween(begun, copied[last]);
    } catch (RuntimeException e) {
      settle(e);
      throw e;
    } finally {
      Arrays.fill(inUse, false);
    }
  }

  private void send(MemorySegment part, long target, int slot) {
    if (inUse[slot] && !driver.happened(copied[slot])) {
      driver.await(copied[slot]);
    }
    MemorySegment chunk = ring.asSlice(slot * chunkBytes, part.byteSize());
    fill(part, chunk);
    driver.copy(target, chunk, part.byteSize(), stream);
    driver.record(copied[slot], stream);
    inUse[slot] = true;
  }

  private static void fill(MemorySegment from, MemorySegment to) {
    long bytes = from.byteSize();
    int parts = Math.clamp(bytes / MIN_PART, 1, FILLERS);
    if (parts == 1) {
      to.copyFrom(from);
      return;
    }
    IntStream.range(0, parts)
        .parallel()
        .forEach(
            i -> {
              long begin = bytes * i / parts;
              long length = bytes * (i + 1) / parts - begin;
              MemorySegment.copy(from, begin, to, begin, length);
            });
  }

  /** Nothing may still be under way when the caller tries again. */
  private void settle(RuntimeException cause) {
    quietly(() -> driver.finish(stream), cause);
  }

  /** What the device itself took for the last write, from its first to its last copy. */
  long deviceNanos() {
    return deviceNanos;
  }

  private static void quietly(Runnable action, RuntimeException cause) {
    try {
      action.run();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private void release(RuntimeException failures) {
    if (ring != null) {
      quietly(() -> driver.freePinned(ring), failures);
    }
    for (long event : copied) {
      if (event != 0) {
        quietly(() -> driver.destroyEvent(event), failures);
      }
    }
    if (begun != 0) {
      quietly(() -> driver.destroyEvent(begun), failures);
    }
    if (stream != 0) {
      quietly(() -> driver.destroyStream(stream), failures);
    }
  }

  @Override
  public void close() {
    driver.makeCurrent(context);
    var failures = new IllegalStateException("CUDA did not take back what copies used");
    release(failures);
    if (failures.getSuppressed().length > 0) {
      throw failures;
    }
  }
}

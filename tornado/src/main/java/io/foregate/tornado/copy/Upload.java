package io.foregate.tornado.copy;

import java.lang.foreign.MemorySegment;

/**
 * Moves host memory into the pool of a {@link DeviceMemory}. Used, and closed, on the thread of the
 * memory's copies only.
 */
public interface Upload extends AutoCloseable {

  /**
   * Copies; when it returns, kernels of any plan may read it.
   *
   * @param bytes a multiple of 4
   * @param word where in the pool
   * @throws RuntimeException if the copy failed; it may be tried again
   */
  void write(MemorySegment source, long from, long bytes, int word);

  @Override
  void close();
}

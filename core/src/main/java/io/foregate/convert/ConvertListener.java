package io.foregate.convert;

import java.nio.file.Path;

/** Told how a conversion goes on. Called by the thread that converts. */
public interface ConvertListener {
  /** Does nothing. */
  ConvertListener NONE =
      new ConvertListener() {
        @Override
        public void begin(long total, long done) {}

        @Override
        public void advance(long bytes) {}
      };

  /**
   * Writing begins.
   *
   * @param total bytes of all tensors
   * @param done bytes that an earlier run has left
   */
  void begin(long total, long done);

  /** So many bytes more have been written. To stop, throw. */
  void advance(long bytes);

  /**
   * The file is whole and on disk, under the name of an unfinished one. Where this throws, it is
   * deleted, and what had its name before stays.
   */
  default void complete(Path part) {}
}

package io.foregate.convert;

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
}

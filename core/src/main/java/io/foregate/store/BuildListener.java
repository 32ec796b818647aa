package io.foregate.store;

/** Told how the building of a store goes on, on the thread that opens the store. */
public interface BuildListener {
  /** Listens to nothing. */
  BuildListener NONE =
      new BuildListener() {
        @Override
        public void begin(String task, long bytes) {}

        @Override
        public void advance(long bytes) {}
      };

  /**
   * Building begins. Not called when a sound file is found; called a second time when the first
   * attempt failed and another tier is tried.
   *
   * @param task what is done, in a word or two
   * @param bytes size of all records
   */
  void begin(String task, long bytes);

  /** So many bytes more are done. */
  void advance(long bytes);
}

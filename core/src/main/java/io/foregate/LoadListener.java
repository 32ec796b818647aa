package io.foregate;

/** Told how the opening of a model goes on where it takes long, on the thread that opens it. */
public interface LoadListener {

  /**
   * Long work begins.
   *
   * @param task what is done, in a word or two
   * @param bytes how much there is to do
   */
  void begin(String task, long bytes);

  /** So many bytes more are done. */
  void advance(long bytes);
}

package io.foregate.bench;

/** An engine with a model open and one sequence of tokens, to be timed against another. */
interface Contestant extends AutoCloseable {

  /** Forgets all tokens. */
  void clear();

  /** Feeds tokens, all at once, and waits for the logits of the last one. */
  void feed(int[] tokens, int from, int to);

  /** The logits that the last feed has left, one per token of the vocabulary. */
  float[] logits();

  @Override
  void close();
}

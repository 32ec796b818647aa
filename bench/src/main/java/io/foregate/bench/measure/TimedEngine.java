package io.foregate.bench.measure;

/** An engine with a model open and one sequence of tokens, to be timed against another. */
public interface TimedEngine extends AutoCloseable {

  /** Tokens that it holds: where the next one goes. */
  int position();

  /** Forgets all tokens from a position on, at most {@link #position}. */
  void truncate(int position);

  /** Feeds tokens, all at once, and waits for the logits of the last one. */
  void feed(int[] tokens, int from, int to);

  /** The logits that the last feed has left, one per token of the vocabulary. */
  float[] logits();

  @Override
  void close();
}

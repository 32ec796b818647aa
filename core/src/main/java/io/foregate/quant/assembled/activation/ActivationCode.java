package io.foregate.quant.assembled.activation;

/** The part of a function that stores activations: what an {@link ActivationLayout} writes. */
interface ActivationCode {
  /** Elements of a step: a power of two. */
  int elements();

  /** Bytes that they become. */
  int bytes();

  /** Whether a row may end within a step. */
  boolean endsAnywhere();

  /**
   * Writes what stores a step's elements.
   *
   * @param single just one element, of those that are left at a row's end
   */
  void step(ActivationFrame f, boolean single);

  /** Writes what {@link #step} reads, behind the code. */
  void data(ActivationFrame f);
}

package io.foregate.schedule;

/**
 * Experts of one layer that can run now. Reused from call to call; they stay in their slots until
 * the wave is released.
 */
public final class Wave {
  final int[] experts;
  final int[] slots;
  int layer;
  int count;
  boolean onHost;
  long start;

  /**
   * @param most experts of a layer
   */
  public Wave(int most) {
    this.experts = new int[most];
    this.slots = new int[most];
  }

  /** Their layer. */
  public int layer() {
    return layer;
  }

  /** How many experts. */
  public int count() {
    return count;
  }

  /** Experts, by their number within the layer; {@link #count} of them. */
  public int[] experts() {
    return experts;
  }

  /** The slot of each expert; nothing when {@link #onHost}. */
  public int[] slots() {
    return slots;
  }

  /** Whether they are to run on the CPU, straight from host memory. */
  public boolean onHost() {
    return onHost;
  }
}

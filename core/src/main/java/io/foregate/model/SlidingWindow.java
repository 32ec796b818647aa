package io.foregate.model;

/**
 * Which positions a layer's attention sees.
 *
 * @param positions that a token sees in a layer with a window, itself included
 * @param period each such number of layers ends with one without a window; 0 where no layer has one
 */
public record SlidingWindow(int positions, int period) {
  /** Every layer sees every position. */
  public static final SlidingWindow NONE = new SlidingWindow(Integer.MAX_VALUE, 0);

  /** Positions that a token sees in a layer, itself included. */
  public int of(int layer) {
    return period > 0 && layer % period < period - 1 ? positions : Integer.MAX_VALUE;
  }
}

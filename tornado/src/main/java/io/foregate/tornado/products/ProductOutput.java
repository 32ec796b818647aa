package io.foregate.tornado.products;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Where a product goes.
 *
 * @param to a row for each token
 * @param stride elements from row to row
 * @param at where in its row a result begins
 * @param add whether it is added to what is there
 */
public record ProductOutput(FloatArray to, int stride, int at, boolean add) {

  /** Rows that hold the result and nothing else. */
  public static ProductOutput rows(FloatArray to, int stride) {
    return new ProductOutput(to, stride, 0, false);
  }

  /** Rows that the result is added to. */
  public static ProductOutput added(FloatArray to, int stride) {
    return new ProductOutput(to, stride, 0, true);
  }

  /** As kernels are told: 1 to add, else 0. */
  int mode() {
    return add ? 1 : 0;
  }
}

package io.foregate.backend;

import io.foregate.model.weights.Matrix;
import io.foregate.quant.vector.ActivationRows;

/**
 * Told of every matrix product before it is computed, on the session's thread: what an importance
 * matrix is made from.
 */
@FunctionalInterface
public interface ProductListener {

  /** Nobody listens. */
  ProductListener NONE = (weights, inputs, from, to) -> {};

  /**
   * @param weights the matrix
   * @param inputs what it is about to meet, rows {@code [from, to)}; valid during the call
   */
  void product(Matrix weights, ActivationRows inputs, int from, int to);
}

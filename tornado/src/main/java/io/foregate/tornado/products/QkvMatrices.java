package io.foregate.tornado.products;

import io.foregate.kernels.Directory;
import io.foregate.tornado.weights.DenseMatrix;
import io.foregate.tornado.weights.LayerTypes;

/**
 * What attention begins with, of one input. The results of a token lie one behind the other.
 *
 * @param value with latent attention, of no rows
 */
public record QkvMatrices(DenseMatrix query, DenseMatrix key, DenseMatrix value) {

  /**
   * Those of layers of some types.
   *
   * @param columns of each
   */
  public static QkvMatrices of(
      LayerTypes types, int queryRows, int keyRows, int valueRows, int columns) {
    return new QkvMatrices(
        new DenseMatrix(Directory.QUERY, types.query(), queryRows, columns),
        new DenseMatrix(Directory.KEY, types.key(), keyRows, columns),
        new DenseMatrix(Directory.VALUE, types.value(), valueRows, columns));
  }

  int columns() {
    return query.columns();
  }

  /** Of all three. */
  int rows() {
    return valueAt() + value.rows();
  }

  /** Where in a token's row keys begin. */
  int keyAt() {
    return query.rows();
  }

  /** Likewise values. */
  int valueAt() {
    return query.rows() + key.rows();
  }

  boolean hasValue() {
    return value.rows() > 0;
  }
}

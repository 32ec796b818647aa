package io.foregate.backend.cpu;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.Quants;
import io.foregate.quant.vector.ActivationRows;
import io.foregate.quant.vector.VectorKernels;

/**
 * The same rows in each of the roundings that the weights of a step ask for: layers mix types, and
 * each type meets activations of its own {@code vec_dot_type}.
 */
final class Activations {
  private final VectorKernels kernels;
  private final int rows;
  private final int columns;

  /** By what rows are rounded to, once as arrays and once as blocks. */
  private final ActivationRows[] byForm = new ActivationRows[2 * GgmlType.values().length];

  Activations(VectorKernels kernels, int rows, int columns) {
    this.kernels = kernels;
    this.rows = rows;
    this.columns = columns;
  }

  /** The rows as weights of a type want them; made at first use, empty until {@link #set}. */
  ActivationRows of(GgmlType weights) {
    int form = 2 * Quants.dotType(weights).ordinal() + (kernels.readsBlocks(weights) ? 1 : 0);
    ActivationRows activation = byForm[form];
    if (activation == null) {
      activation = new ActivationRows(kernels, weights, rows, columns);
      byForm[form] = activation;
    }
    return activation;
  }

  /** Stores a row for weights of a type. */
  void set(GgmlType weights, float[] source, int offset, int row) {
    of(weights).set(source, offset, columns, row);
  }
}

package io.foregate.backend.cpu;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.Activation;
import io.foregate.quant.Quants;
import io.foregate.quant.VectorKernels;

/**
 * The same rows in each of the roundings that the weights of a step ask for: layers mix types, and
 * each type meets activations of its own {@code vec_dot_type}.
 */
final class Activations {
  private final VectorKernels kernels;
  private final int rows;
  private final int columns;
  private final Activation[] byType = new Activation[GgmlType.values().length];

  Activations(VectorKernels kernels, int rows, int columns) {
    this.kernels = kernels;
    this.rows = rows;
    this.columns = columns;
  }

  /** The rows as weights of a type want them; made at first use, empty until {@link #set}. */
  Activation of(GgmlType weights) {
    int type = Quants.dotType(weights).ordinal();
    Activation activation = byType[type];
    if (activation == null) {
      activation = new Activation(kernels, rows, columns);
      byType[type] = activation;
    }
    return activation;
  }

  /** Stores a row for weights of a type. */
  void set(GgmlType weights, float[] source, int offset, int row) {
    of(weights).set(Quants.dotType(weights), source, offset, columns, row);
  }
}

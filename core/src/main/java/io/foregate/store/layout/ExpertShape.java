package io.foregate.store.layout;

import io.foregate.gguf.GgmlType;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.Matrix;

/**
 * What the experts of one layer look like. Layers may differ: K-quant mixes give some of them more
 * bits.
 *
 * @param embedding width of the residual stream
 * @param feedForward hidden width of an expert
 * @param gate type of the gate projection, {@code [feedForward, embedding]}
 * @param up type of the up projection, {@code [feedForward, embedding]}
 * @param down type of the down projection, {@code [embedding, feedForward]}
 */
public record ExpertShape(
    int embedding, int feedForward, GgmlType gate, GgmlType up, GgmlType down) {

  /** The shape that a layer's experts have in the model's file. */
  public static ExpertShape of(ExpertTensors experts) {
    Matrix gate = experts.gate().getFirst();
    return new ExpertShape(
        gate.columns(),
        gate.rows(),
        gate.type(),
        experts.up().getFirst().type(),
        experts.down().getFirst().type());
  }
}

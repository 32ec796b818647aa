package io.foregate.store.layout;

import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.Matrix;

/**
 * The matrices of one expert.
 *
 * @param gate {@code [feedForward, embedding]}
 * @param up {@code [feedForward, embedding]}
 * @param down {@code [embedding, feedForward]}
 */
public record ExpertWeights(Matrix gate, Matrix up, Matrix down) {

  /** An expert where it lies in the model's file. */
  public static ExpertWeights of(ExpertTensors experts, int expert) {
    return new ExpertWeights(
        experts.gate().get(expert), experts.up().get(expert), experts.down().get(expert));
  }
}

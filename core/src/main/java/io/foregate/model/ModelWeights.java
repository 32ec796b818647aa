package io.foregate.model;

import java.util.List;

/**
 * All weights of a model. Matrices are views of the mapped file; only norms are copied to the heap.
 *
 * @param embedding {@code [vocabulary, embedding]}, one row per token
 * @param outputNorm RMSNorm weight, {@code [embedding]}
 * @param output {@code [vocabulary, embedding]}; the embedding itself when the two are tied
 */
public record ModelWeights(
    Matrix embedding, List<LayerWeights> layers, float[] outputNorm, Matrix output) {
  public ModelWeights {
    layers = List.copyOf(layers);
  }
}

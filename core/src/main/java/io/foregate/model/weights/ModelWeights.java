package io.foregate.model.weights;

import java.util.List;

/**
 * All weights of a model. Matrices are views of the mapped file; only norms and biases are copied
 * to the heap.
 *
 * @param embedding {@code [vocabulary, embedding]}, one row per token
 * @param outputNorm as wide as the model
 * @param output {@code [vocabulary, embedding]}; the embedding itself when the two are tied
 */
public record ModelWeights(
    Matrix embedding, List<LayerWeights> layers, Norm outputNorm, Linear output) {
  public ModelWeights {
    layers = List.copyOf(layers);
  }
}

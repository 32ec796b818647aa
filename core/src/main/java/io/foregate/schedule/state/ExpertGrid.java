package io.foregate.schedule.state;

import io.foregate.error.ForegateException;

/**
 * The experts of a model. An expert's number is {@code layer * experts + expert}.
 *
 * @param layers layers with experts
 * @param experts experts of a layer
 * @param used experts that a token uses in a layer (top-k)
 */
public record ExpertGrid(int layers, int experts, int used) {
  public ExpertGrid {
    if (layers < 1 || experts < 1 || used < 1 || used > experts) {
      throw new ForegateException(
          "A model of %d layers with %d experts each, %d of them used, cannot be scheduled."
              .formatted(layers, experts, used),
          "The model file's expert counts are wrong: get another copy of it.");
    }
  }

  /** Experts of the model. */
  public int total() {
    return layers * experts;
  }

  /** Number of an expert of a layer. */
  public int id(int layer, int expert) {
    return layer * experts + expert;
  }

  /** Layer of an expert. */
  public int layer(int id) {
    return id / experts;
  }

  /** Which expert of its layer an expert is. */
  public int expert(int id) {
    return id % experts;
  }

  /**
   * Layers from one visit of {@code from} to the next one of {@code to}: 1 up to {@code layers}.
   */
  public int distance(int from, int to) {
    int d = to - from;
    return d > 0 ? d : d + layers;
  }
}

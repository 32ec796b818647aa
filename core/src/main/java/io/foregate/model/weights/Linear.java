package io.foregate.model.weights;

/**
 * A product with a weight matrix, and what is added to it.
 *
 * @param bias {@code [rows]}, or empty where nothing is added
 */
public record Linear(Matrix weight, float[] bias) {

  /** Without a bias. */
  public static Linear of(Matrix weight) {
    return new Linear(weight, new float[0]);
  }
}

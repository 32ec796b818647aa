package io.foregate.model.weights;

/**
 * What is added to the products of one layer's experts; all empty where nothing is.
 *
 * @param gate {@code [experts][hidden]}
 * @param up {@code [experts][hidden]}
 * @param down {@code [experts][embedding]}
 */
public record ExpertBiases(float[] gate, float[] up, float[] down) {
  /** Nothing is added. */
  public static final ExpertBiases NONE =
      new ExpertBiases(new float[0], new float[0], new float[0]);

  /** Whether anything is added. */
  public boolean isPresent() {
    return gate.length > 0;
  }
}

package io.foregate.model.weights;

/**
 * The weights of an RMSNorm (arXiv 1910.07467): {@code x / sqrt(mean(x^2) + epsilon) * weight +
 * bias}.
 *
 * @param weight one per element
 * @param bias one per element, or empty where nothing is added
 */
public record Norm(float[] weight, float[] bias) {
  /** No normalization. */
  public static final Norm NONE = of(new float[0]);

  /** Without a bias. */
  public static Norm of(float[] weight) {
    return new Norm(weight, new float[0]);
  }

  /** Whether there is one at all. */
  public boolean isPresent() {
    return weight.length > 0;
  }
}

package io.foregate.oracle;

import io.foregate.gguf.GgmlType;
import java.util.Arrays;
import java.util.Comparator;

/** How closely two engines' probabilities must agree, by the kind of weights; coarsest last. */
public enum Precision {
  /** F32 and F16 weights. */
  FLOAT(5e-3, 1e-3, 0),
  BFLOAT(1e-2, 5e-3, 0),
  QUANTIZED(3e-2, 2e-2, 0),

  /** Quantized weights in many layers: a rounding that falls the other way grows in each. */
  QUANTIZED_DEEP(3e-2, 2e-2, 0.01);

  private final double tolerance;
  private final double nearTie;
  private final double stragglers;

  Precision(double tolerance, double nearTie, double stragglers) {
    this.tolerance = tolerance;
    this.nearTie = nearTie;
    this.stragglers = stragglers;
  }

  /**
   * Share of the positions whose probabilities may differ by more than the tolerance, the most
   * probable token being the same. Each is shown.
   */
  double stragglers() {
    return stragglers;
  }

  /** Largest difference of a probability that is accepted. */
  public double tolerance() {
    return tolerance;
  }

  /**
   * Router logits closer than this are a near-tie. Activations are rounded to the precision that
   * goes with the weights (8 bits for quantized ones); where a last bit of a sum decides which way,
   * the logits of two engines differ by about half a percent of their size, which is some units.
   */
  double nearTie() {
    return nearTie;
  }

  static Precision coarsest(GgmlType... types) {
    return Arrays.stream(types).map(Precision::of).max(Comparator.naturalOrder()).orElseThrow();
  }

  private static Precision of(GgmlType type) {
    return switch (type) {
      case F32, F16 -> FLOAT;
      case BF16 -> BFLOAT;
      default -> QUANTIZED;
    };
  }
}

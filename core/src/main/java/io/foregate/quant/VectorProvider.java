package io.foregate.quant;

import java.util.Locale;

/**
 * Chooses the {@link VectorKernels} of this process, once, and says why.
 *
 * <p>System property {@code foregate.vector}: {@code auto} (the default: the Vector API where it is
 * there and wide enough), {@code scalar} or {@code panama}. The manner is that of Lucene's
 * internal.vectorization.
 */
public final class VectorProvider {
  /** The property that overrides the choice. */
  public static final String PROPERTY = "foregate.vector";

  private static final String MODULE = "jdk.incubator.vector";
  private static final VectorProvider CHOSEN = logged(choose(System.getProperty(PROPERTY, "auto")));

  private final VectorKernels kernels;
  private final String reason;

  private VectorProvider(VectorKernels kernels, String reason) {
    this.kernels = kernels;
    this.reason = reason;
  }

  /** The choice of this process. */
  public static VectorProvider get() {
    return CHOSEN;
  }

  /** The chosen kernels. */
  public VectorKernels kernels() {
    return kernels;
  }

  /** One line for people: what was chosen, and why. */
  public String reason() {
    return reason;
  }

  /**
   * What {@link #PROPERTY} of this value leads to; an unknown value counts as {@code auto}, and the
   * reason says so.
   */
  static VectorProvider choose(String wish) {
    String wanted = wish.toLowerCase(Locale.ROOT);
    return switch (wanted) {
      case "scalar" -> scalar(PROPERTY + "=scalar");
      case "auto", "panama" -> automatic("");
      default -> automatic(" (" + PROPERTY + "=" + wish + " is none of auto, scalar, panama)");
    };
  }

  private static VectorProvider automatic(String remark) {
    // Nothing here may touch a class that mentions the Vector API before its module is known to be
    // there.
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return scalar("Java runs without --add-modules " + MODULE + remark);
    }
    return Panama.choose(remark);
  }

  private static VectorProvider scalar(String because) {
    return new VectorProvider(new ScalarKernels(), "scalar: " + because);
  }

  private static VectorProvider logged(VectorProvider choice) {
    System.getLogger(VectorProvider.class.getName())
        .log(System.Logger.Level.DEBUG, "vector kernels: {0}", choice.reason);
    return choice;
  }

  /** Loaded only where the Vector API is. */
  private static final class Panama {
    static VectorProvider choose(String remark) {
      int bits = Lanes.PREFERRED_BITS;
      if (bits < Lanes.MIN_BITS) {
        return scalar(
            "vectors of this machine have "
                + bits
                + " bits, fewer than "
                + Lanes.MIN_BITS
                + remark);
      }
      PanamaKernels kernels = new PanamaKernels();
      return new VectorProvider(kernels, kernels.name() + remark);
    }
  }
}

package io.foregate.quant.vector;

import io.foregate.assembly.CpuFeatures;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.assembled.floats.TileProducts;
import io.foregate.quant.assembled.function.InstructionSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Chooses the {@link VectorKernels} of this process, once, and says why.
 *
 * <p>System property {@code foregate.vector}: {@code auto} (the default: machine code where the CPU
 * and the system allow it, else the Vector API where it is there and wide enough), {@code
 * assembled} (the same), one of the {@link InstructionSet instruction sets} by name ({@code avx2}),
 * {@code panama} or {@code scalar}. The manner is that of Lucene's internal.vectorization.
 */
public final class VectorProvider {
  /** The property that overrides the choice. */
  public static final String PROPERTY = "foregate.vector";

  /** The module that the JVM must be started with for the Vector API. */
  public static final String MODULE = "jdk.incubator.vector";

  private static final VectorProvider CHOSEN =
      logged(choose(System.getProperty(PROPERTY, "auto"), CpuFeatures.detect()));

  private final VectorKernels kernels;
  private final String reason;
  private final boolean lacksModule;

  private VectorProvider(VectorKernels kernels, String reason, boolean lacksModule) {
    this.kernels = kernels;
    this.reason = reason;
    this.lacksModule = lacksModule;
  }

  /** The choice of this process. */
  public static VectorProvider get() {
    return CHOSEN;
  }

  /** Whether others, and faster ones, would have been chosen if {@link #MODULE} were there. */
  public boolean lacksModule() {
    return lacksModule;
  }

  /** Whether this JVM was started without {@link #MODULE}, so that its kernels cannot run. */
  public static boolean moduleIsMissing() {
    return ModuleLayer.boot().findModule(MODULE).isEmpty();
  }

  /** The chosen kernels. */
  public VectorKernels kernels() {
    return kernels;
  }

  /**
   * Kernels whose products with one token have the bits that devices give them: the chosen ones, or
   * plain Java in the place of the Vector API.
   */
  public VectorKernels exactKernels() {
    return kernels.chains() > 0 ? kernels : new ScalarKernels();
  }

  /** One line for people: what was chosen, and why. */
  public String reason() {
    return reason;
  }

  /**
   * What {@link #PROPERTY} of this value leads to; an unknown value counts as {@code auto}, and the
   * reason says so.
   */
  static VectorProvider choose(String wish, CpuFeatures cpu) {
    String wanted = wish.toLowerCase(Locale.ROOT);
    List<InstructionSet> sets = InstructionSet.of(cpu);
    return switch (wanted) {
      case "scalar" -> scalar(PROPERTY + "=scalar");
      case "panama" -> withoutMachineCode("");
      case "auto", "assembled" -> assembled(sets, "");
      default -> {
        List<InstructionSet> named = sets.stream().filter(set -> name(set).equals(wanted)).toList();
        yield named.isEmpty() ? assembled(sets, unknown(wish, sets)) : assembled(named, "");
      }
    };
  }

  private static String unknown(String wish, List<InstructionSet> sets) {
    List<String> known = new ArrayList<>(List.of("auto", "assembled", "panama", "scalar"));
    sets.forEach(set -> known.add(name(set)));
    boolean elsewhere = Arrays.stream(InstructionSet.values()).anyMatch(s -> name(s).equals(wish));
    return " (%s=%s is %s %s)"
        .formatted(
            PROPERTY,
            wish,
            elsewhere ? "nothing that this CPU has; here are" : "none of",
            String.join(", ", known));
  }

  private static String name(InstructionSet set) {
    return set.name().toLowerCase(Locale.ROOT);
  }

  private static VectorProvider assembled(List<InstructionSet> sets, String remark) {
    if (sets.isEmpty()) {
      return withoutMachineCode("; no machine code is written for this CPU" + remark);
    }
    Optional<RowProducts> products = RowProducts.of(sets.getFirst());
    Optional<TileProducts> tiles = TileProducts.of(sets.getFirst());
    if (products.isEmpty() || tiles.isEmpty()) {
      return withoutMachineCode("; the system lets no machine code be run" + remark);
    }
    var kernels = new AssembledKernels(products.get(), tiles.get(), () -> Others.KERNELS);
    return new VectorProvider(kernels, kernels.name() + remark, false);
  }

  private static VectorProvider withoutMachineCode(String remark) {
    // Nothing here may touch a class that mentions the Vector API before its module is known to be
    // there.
    if (moduleIsMissing()) {
      String because = "Java runs without --add-modules " + MODULE + remark;
      return new VectorProvider(new ScalarKernels(), "scalar: " + because, true);
    }
    return Panama.choose(remark);
  }

  private static VectorProvider scalar(String because) {
    return new VectorProvider(new ScalarKernels(), "scalar: " + because, false);
  }

  private static VectorProvider logged(VectorProvider choice) {
    System.getLogger(VectorProvider.class.getName())
        .log(System.Logger.Level.TRACE, "vector kernels: {0}", choice.reason);
    return choice;
  }

  /** Loaded when a type without machine code comes. */
  private static final class Others {
    static final VectorKernels KERNELS = withoutMachineCode("").kernels;
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
      return new VectorProvider(kernels, kernels.name() + remark, false);
    }
  }
}

package io.foregate.tornado;

import io.foregate.tornado.DenseWeights.LayerTypes;
import io.foregate.tornado.MatVecTrial.Outcome;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/**
 * Which variant multiplies weights with tokens: the fastest that computes on this very device what
 * the portable one does, in a small layer of each kind that the model has.
 *
 * @param variant the chosen one
 * @param reasons one sentence for each of the others
 */
record MatVecChoice(MatVecVariant variant, List<String> reasons) {
  /** A variant must be faster than the portable one, but for what timing a small layer may err. */
  private static final double MOST_TIME = 1.1;

  MatVecChoice {
    reasons = List.copyOf(reasons);
  }

  /**
   * Chooses. The system property {@code foregate.kernels} names a variant to take untested.
   *
   * @param device TornadoVM's default device
   * @param layers kinds of layers of the model
   */
  static MatVecChoice of(TornadoDevice device, Collection<LayerTypes> layers) {
    return forced(System.getProperty("foregate.kernels"))
        .orElseGet(() -> of(device.getTornadoVMBackend(), layers));
  }

  /** The choice and its reasons, in a sentence. */
  String describe() {
    return "products of weights with tokens: %s (%s)"
        .formatted(variant.id(), String.join("; ", reasons));
  }

  private static MatVecChoice of(TornadoVMBackendType backend, Collection<LayerTypes> layers) {
    return hasShuffles(backend)
        ? tried(layers)
        : new MatVecChoice(
            MatVecVariant.PORTABLE, List.of("TornadoVM has no shuffles on " + backend));
  }

  private static Optional<MatVecChoice> forced(String id) {
    for (MatVecVariant variant : MatVecVariant.values()) {
      if (variant.id().equals(id)) {
        return Optional.of(
            new MatVecChoice(variant, List.of("as the property foregate.kernels wants it")));
      }
    }
    return Optional.empty();
  }

  /** Elsewhere, TornadoVM 5.2 compiles shuffles to nothing without saying so. */
  private static boolean hasShuffles(TornadoVMBackendType backend) {
    return backend == TornadoVMBackendType.PTX || backend == TornadoVMBackendType.CUDA;
  }

  private static MatVecChoice tried(Collection<LayerTypes> layers) {
    List<Run> runs = new ArrayList<>();
    for (LayerTypes types : new LinkedHashSet<>(layers)) {
      runs.add(new MatVecTrial(types)::run);
    }
    return among(runs);
  }

  /** Runs a variant on some layer. */
  interface Run {
    Outcome of(MatVecVariant variant);
  }

  /** The fastest variant that agrees with the portable one in all of some layers. */
  static MatVecChoice among(List<Run> layers) {
    List<Outcome> portable = layers.stream().map(run -> run.of(MatVecVariant.PORTABLE)).toList();
    MatVecVariant best = MatVecVariant.PORTABLE;
    double least = MOST_TIME * portable.stream().mapToDouble(Outcome::micros).sum();
    List<String> reasons = new ArrayList<>();
    for (MatVecVariant variant : MatVecVariant.values()) {
      if (variant != MatVecVariant.PORTABLE) {
        Verdict verdict = judge(variant, layers, portable);
        reasons.add(variant.id() + " " + verdict.reason());
        if (verdict.micros() < least) {
          least = verdict.micros();
          best = variant;
        }
      }
    }
    return new MatVecChoice(best, reasons);
  }

  /**
   * What a trial found.
   *
   * @param micros infinite if the variant is not to be trusted
   */
  private record Verdict(double micros, String reason) {}

  private static Verdict judge(MatVecVariant variant, List<Run> layers, List<Outcome> portable) {
    double micros = 0;
    double worst = 0;
    double portableMicros = 0;
    for (int i = 0; i < layers.size(); i++) {
      Outcome outcome;
      try {
        outcome = layers.get(i).of(variant);
      } catch (RuntimeException | LinkageError e) {
        return new Verdict(Double.POSITIVE_INFINITY, "does not run: " + e.getMessage());
      }
      worst = Math.max(worst, portable.get(i).error(outcome));
      micros += outcome.micros();
      portableMicros += portable.get(i).micros();
    }
    if (worst > variant.tolerance()) {
      return new Verdict(
          Double.POSITIVE_INFINITY, "gives wrong numbers (error %.1e)".formatted(worst));
    }
    return new Verdict(
        micros,
        "agrees (error %.1e) and takes %.0f us, the portable one %.0f us"
            .formatted(worst, micros, portableMicros));
  }
}

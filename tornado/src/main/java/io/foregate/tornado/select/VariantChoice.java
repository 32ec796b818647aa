package io.foregate.tornado.select;

import io.foregate.tornado.products.KernelVariant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Which variant of kernels is taken: the fastest that computes on this very device what the
 * portable one does, in a small layer of each kind that the model has.
 *
 * @param variant the chosen one
 * @param reasons one sentence for each of the others
 */
record VariantChoice<V extends KernelVariant>(V variant, List<String> reasons) {
  /** A variant must be faster than the portable one, but for what timing a small layer may err. */
  private static final double MAX_TIME = 1.1;

  VariantChoice {
    reasons = List.copyOf(reasons);
  }

  /** Its name, and the reasons. */
  String describe() {
    return "%s (%s)".formatted(variant.id(), String.join("; ", reasons));
  }

  /** The first of a list of names, separated by commas, that is one of some variants. */
  static <V extends KernelVariant> Optional<VariantChoice<V>> forced(V[] variants, String names) {
    for (String name : names.split(",", -1)) {
      for (V variant : variants) {
        if (variant.id().equals(name)) {
          String reason = "as the property foregate.kernels wants it";
          return Optional.of(new VariantChoice<>(variant, List.of(reason)));
        }
      }
    }
    return Optional.empty();
  }

  /** Runs a variant on some layer. */
  interface Run<V> {
    Outcome of(V variant);
  }

  /**
   * What kernels made of a layer, and how long they took.
   *
   * @param results of every kernel
   * @param micros of the fastest of some runs
   */
  record Outcome(List<FloatArray> results, double micros) {

    /**
     * The largest normalised error of a kernel's results; infinite if there is one that is none.
     */
    double error(Outcome found) {
      double worst = 0;
      for (int i = 0; i < results.size(); i++) {
        double error = error(results.get(i), found.results.get(i));
        worst = Math.max(worst, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
      }
      return worst;
    }

    private static double error(FloatArray expected, FloatArray found) {
      double difference = 0;
      double norm = 0;
      for (int i = 0; i < expected.getSize(); i++) {
        difference += Math.pow(expected.get(i) - found.get(i), 2);
        norm += Math.pow(expected.get(i), 2);
      }
      return Math.sqrt(difference / norm);
    }
  }

  /** The fastest variant that agrees with the portable one in all of some layers. */
  static <V extends KernelVariant> VariantChoice<V> among(V[] variants, List<Run<V>> layers) {
    List<Outcome> portable = layers.stream().map(run -> run.of(variants[0])).toList();
    V best = variants[0];
    double least = MAX_TIME * portable.stream().mapToDouble(Outcome::micros).sum();
    List<String> reasons = new ArrayList<>();
    for (int i = 1; i < variants.length; i++) {
      Verdict verdict = judge(variants[i], layers, portable);
      reasons.add(variants[i].id() + " " + verdict.reason());
      if (verdict.micros() < least) {
        least = verdict.micros();
        best = variants[i];
      }
    }
    return new VariantChoice<>(best, reasons);
  }

  /**
   * What a trial found.
   *
   * @param micros infinite if the variant is not to be trusted
   */
  private record Verdict(double micros, String reason) {}

  private static <V extends KernelVariant> Verdict judge(
      V variant, List<Run<V>> layers, List<Outcome> portable) {
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

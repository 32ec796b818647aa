package io.foregate.oracle;

import io.foregate.oracle.Evaluation.Candidate;
import io.foregate.oracle.Evaluation.Position;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What came out of holding one model's probabilities to the reference's.
 *
 * <p>Two engines add floats in different orders. Where two experts are almost equally good, that is
 * enough for them to choose different ones, and then nothing after the choice agrees. So a position
 * that disagrees is excused if, and only if, some router of this engine measured a margin below
 * {@link Precision#nearTie} there; excused positions are counted and shown, and more than {@link
 * #MAX_EXCUSED_SHARE} of them fail the comparison all the same. Of a deep quantized model, a few
 * stragglers are excused without a near-tie ({@link Precision#stragglers}).
 *
 * @param model the model's name
 * @param tolerance largest difference of a probability that is accepted
 * @param positions how many positions were compared
 * @param maxDifference the largest difference of a probability, excused positions apart
 * @param medianDifference half of the positions have a largest difference of at most this
 * @param decided positions where the reference's lead exceeds the tolerance
 * @param agreed how many of those have the same most probable token
 * @param failures what disagrees, a sentence each
 * @param excused what disagrees at near-ties or as a straggler, a sentence each
 */
record Comparison(
    String model,
    double tolerance,
    int positions,
    double maxDifference,
    double medianDifference,
    int decided,
    int agreed,
    List<String> failures,
    List<String> excused) {

  /** Of all positions of a model. */
  static final double MAX_EXCUSED_SHARE = 0.05;

  /** Of the tolerance, for the median position: a systematic error shows there first. */
  static final double MEDIAN_SHARE = 0.2;

  static final String HEADER =
      "%-26s %9s %9s %9s %9s %11s %7s %6s"
          .formatted(
              "model",
              "positions",
              "tolerance",
              "max |dp|",
              "median",
              "same top-1",
              "excused",
              "failed");

  /**
   * Compares position by position.
   *
   * @param model name to show
   * @param expected the reference's most probable tokens
   * @param actual this engine's probabilities; must list every token that {@code expected} lists
   * @param routerMargins at each position, the least distance of any layer's last chosen and first
   *     rejected router logit; positive infinity without a router
   */
  static Comparison of(
      String model,
      Evaluation expected,
      Evaluation actual,
      double[] routerMargins,
      Precision precision) {
    requireSameTokens(expected, actual, routerMargins);
    double tolerance = precision.tolerance();
    List<Double> differences = new ArrayList<>();
    int decided = 0;
    int agreed = 0;
    List<String> failures = new ArrayList<>();
    List<String> excused = new ArrayList<>();
    List<String> stragglers = new ArrayList<>();
    for (int i = 0; i < routerMargins.length; i++) {
      Position reference = expected.positions().get(i);
      Position own = actual.positions().get(i);
      double difference = largestDifference(reference, own);
      boolean isDecided = reference.margin() > tolerance;
      boolean sameTop = reference.top().id() == own.top().id();
      Optional<String> disagreement =
          disagreement(reference, own, difference, tolerance, isDecided && !sameTop);
      if (disagreement.isPresent() && routerMargins[i] < precision.nearTie()) {
        excused.add(
            "position %d: %s; router margin %.2e"
                .formatted(i, disagreement.get(), routerMargins[i]));
        continue;
      }
      if (disagreement.isPresent()) {
        List<String> kind = sameTop || !isDecided ? stragglers : failures;
        kind.add("position %d: %s".formatted(i, disagreement.get()));
      }
      differences.add(difference);
      decided += isDecided ? 1 : 0;
      agreed += isDecided && sameTop ? 1 : 0;
    }
    boolean few = stragglers.size() <= precision.stragglers() * routerMargins.length;
    (few ? excused : failures).addAll(stragglers);
    Collections.sort(differences);
    double median = differences.isEmpty() ? 0 : differences.get(differences.size() / 2);
    if (median > MEDIAN_SHARE * tolerance) {
      failures.add(
          String.format(Locale.ROOT, "half of the positions differ by more than %.2e", median));
    }
    if (excused.size() > MAX_EXCUSED_SHARE * routerMargins.length) {
      failures.add(
          "%d of %d positions would have to be excused as near-ties"
              .formatted(excused.size(), routerMargins.length));
    }
    return new Comparison(
        model,
        tolerance,
        routerMargins.length,
        differences.isEmpty() ? 0 : differences.getLast(),
        median,
        decided,
        agreed,
        List.copyOf(failures),
        List.copyOf(excused));
  }

  boolean passed() {
    return failures.isEmpty();
  }

  /** A row under {@link #HEADER}. */
  String row() {
    return String.format(
        Locale.ROOT,
        "%-26s %9d %9.0e %9.1e %9.1e %5d/%-5d %7d %6d",
        model,
        positions,
        tolerance,
        maxDifference,
        medianDifference,
        agreed,
        decided,
        excused.size(),
        failures.size());
  }

  private static void requireSameTokens(
      Evaluation expected, Evaluation actual, double[] routerMargins) {
    if (!Arrays.equals(expected.tokens(), actual.tokens())
        || routerMargins.length != expected.positions().size()) {
      throw new IllegalArgumentException(
          "%s: the two evaluations are not of the same tokens".formatted(expected.model()));
    }
  }

  /**
   * The largest difference over the tokens that the reference lists, and over those that only this
   * engine ranks as high: of these the reference's probability is at most its last listed one.
   */
  private static double largestDifference(Position reference, Position own) {
    Map<Integer, Double> expected = reference.byToken();
    Map<Integer, Double> actual = own.byToken();
    double largest = 0;
    for (Candidate candidate : reference.next()) {
      double p = actual.getOrDefault(candidate.id(), Double.NaN);
      double difference = Math.abs(p - candidate.p());
      if (!(difference <= largest)) { // NaN must not pass
        largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
      }
    }
    double lowest = reference.next().getLast().p();
    for (Candidate candidate : own.next()) {
      if (!expected.containsKey(candidate.id())) {
        largest = Math.max(largest, candidate.p() - lowest);
      }
    }
    return largest;
  }

  private static Optional<String> disagreement(
      Position reference, Position own, double difference, double tolerance, boolean otherTop) {
    if (otherTop) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "token %d leads with p %.4f by %.4f, here token %d with p %.4f",
              reference.top().id(),
              reference.top().p(),
              reference.margin(),
              own.top().id(),
              own.top().p()));
    }
    if (difference > tolerance) {
      return Optional.of(
          String.format(Locale.ROOT, "probabilities differ by up to %.2e", difference));
    }
    return Optional.empty();
  }
}

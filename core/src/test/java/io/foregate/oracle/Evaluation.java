package io.foregate.oracle;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Next-token probabilities after each token of a sequence: what {@code foregate eval --json} and
 * {@code scripts/oracle/llama-eval.mjs} print.
 *
 * @param model the model's name
 * @param positions one per evaluated token, in order
 */
public record Evaluation(String model, List<Position> positions) {

  /**
   * @param token the token evaluated at this position
   * @param next the most probable tokens to follow it, most probable first
   */
  record Position(int token, List<Candidate> next) {
    Map<Integer, Double> byToken() {
      return next.stream().collect(Collectors.toMap(Candidate::id, Candidate::p));
    }

    Candidate top() {
      return next.getFirst();
    }

    /** How far the most probable token is ahead of the second. */
    double margin() {
      return next.get(0).p() - next.get(1).p();
    }
  }

  /** A token and its probability. */
  public record Candidate(int id, double p) {
    static final Comparator<Candidate> MOST_PROBABLE_FIRST =
        Comparator.comparingDouble(Candidate::p).reversed().thenComparingInt(Candidate::id);
  }

  int[] tokens() {
    return positions.stream().mapToInt(Position::token).toArray();
  }
}

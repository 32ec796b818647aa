package io.foregate.oracle;

import io.foregate.backend.Routing;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.oracle.Evaluation.Candidate;
import io.foregate.oracle.Evaluation.Position;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What Foregate's engine answers: probabilities of the whole vocabulary, and how nearly each
 * token's routers would have chosen otherwise.
 *
 * @param evaluation the probabilities
 * @param routerMargins as {@link Comparison#of} wants them
 */
record EngineEvaluation(Evaluation evaluation, double[] routerMargins) {
  private static final int THREADS = 2;

  /** How the tokens are fed. */
  enum Feed {
    /** All at once: the kernels for prompts. */
    BATCH,
    /** One after the other: the kernels for generating. */
    ONE_BY_ONE
  }

  /**
   * Evaluates tokens from an empty session. The cache is F32, as the reference's: rounding it to
   * F16 moves quantized models by more than the tolerance, because activations then round
   * otherwise.
   */
  static EngineEvaluation of(Path model, int[] tokens, Feed feed) {
    return of(model, tokens, feed, KvType.F32);
  }

  static EngineEvaluation of(Path model, int[] tokens, Feed feed, KvType kvType) {
    var options =
        ModelOptions.defaults().withThreads(THREADS).withContext(tokens.length).withKvType(kvType);
    try (Engine engine = Engine.open(model, options);
        Session session = engine.newSession()) {
      var margins = new double[tokens.length];
      Arrays.fill(margins, Double.POSITIVE_INFINITY);
      session.onRouting(
          (layer, position, routing, inputs) -> lowerMargins(margins, position, routing));
      List<Position> positions = new ArrayList<>();
      int vocabulary = engine.config().vocabulary();
      int step = feed == Feed.BATCH ? tokens.length : 1;
      for (int from = 0; from < tokens.length; from += step) {
        session.feedAll(
            tokens,
            from,
            from + step,
            (i, logits, offset) -> positions.add(position(tokens[i], logits, offset, vocabulary)));
      }
      return new EngineEvaluation(
          new Evaluation(model.getFileName().toString(), positions), margins);
    }
  }

  private static void lowerMargins(double[] margins, int position, Routing routing) {
    int experts = routing.experts();
    int used = routing.used();
    if (used == experts) {
      return; // nothing to choose
    }
    for (int t = 0; t < routing.tokens(); t++) {
      float[] logits = Arrays.copyOfRange(routing.logits(), t * experts, (t + 1) * experts);
      Arrays.sort(logits);
      double margin = logits[experts - used] - logits[experts - used - 1];
      margins[position + t] = Math.min(margins[position + t], margin);
    }
  }

  private static Position position(int token, float[] logits, int offset, int vocabulary) {
    double highest = Double.NEGATIVE_INFINITY;
    for (int id = 0; id < vocabulary; id++) {
      highest = Math.max(highest, logits[offset + id]);
    }
    double sum = 0;
    for (int id = 0; id < vocabulary; id++) {
      sum += Math.exp(logits[offset + id] - highest);
    }
    List<Candidate> next = new ArrayList<>();
    for (int id = 0; id < vocabulary; id++) {
      next.add(new Candidate(id, Math.exp(logits[offset + id] - highest) / sum));
    }
    next.sort(Candidate.MOST_PROBABLE_FIRST);
    return new Position(token, next);
  }
}

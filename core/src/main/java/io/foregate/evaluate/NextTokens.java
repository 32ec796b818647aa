package io.foregate.evaluate;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.work.WorkListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a model holds probable after each of some tokens, for comparing engines.
 *
 * <pre>{@code
 * try (Engine engine = Engine.open(model, ModelOptions.defaults())) {
 *   int[] tokens = engine.tokenizer().encode("Once upon a", true, false);
 *   var last = NextTokens.afterBatch(engine, tokens, 5).getLast();
 *   last.next().forEach(next -> System.out.println(next.id() + " " + next.p()));
 * }
 * }</pre>
 */
public final class NextTokens {
  private NextTokens() {}

  /** A token, and what comes after it, the most probable first. */
  public record Position(int token, List<Candidate> next) {}

  /**
   * A token that may come next.
   *
   * @param p its probability
   */
  public record Candidate(int id, double p) {}

  /**
   * Feeds all tokens at once, as a prompt is (prefill).
   *
   * @param tokens fed as they are: no BOS is added
   * @param top candidates of a position
   */
  public static List<Position> afterBatch(Engine engine, int[] tokens, int top) {
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(tokens, "tokens");
    List<Position> positions = new ArrayList<>();
    int vocabulary = engine.config().vocabulary();
    try (Session session = engine.newSession()) {
      session.feedAll(
          tokens,
          0,
          tokens.length,
          (i, logits, offset) ->
              positions.add(position(tokens[i], logits, offset, vocabulary, top)));
    }
    return positions;
  }

  /** As {@link #afterBatch}, feeding one token at a time (decode). */
  public static List<Position> afterEach(
      Engine engine, int[] tokens, int top, WorkListener listener) {
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(tokens, "tokens");
    Objects.requireNonNull(listener, "listener");
    List<Position> positions = new ArrayList<>();
    try (Session session = engine.newSession()) {
      for (int i = 0; i < tokens.length; i++) {
        listener.check();
        session.feed(tokens, i, i + 1);
        float[] logits = session.logits();
        positions.add(position(tokens[i], logits, 0, logits.length, top));
      }
    }
    return positions;
  }

  private static Position position(int token, float[] logits, int offset, int vocabulary, int top) {
    double logSum = Divergence.logSumExp(logits, offset, vocabulary);
    List<Candidate> next = new ArrayList<>();
    for (int id : LargestLogits.of(logits, offset, vocabulary, top)) {
      next.add(new Candidate(id, Math.exp(logits[offset + id] - logSum)));
    }
    return new Position(token, next);
  }
}

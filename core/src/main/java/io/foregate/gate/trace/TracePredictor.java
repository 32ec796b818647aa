package io.foregate.gate.trace;

import io.foregate.gate.ExpertPredictor;
import java.util.Arrays;

/**
 * Predicts what a trace says: the scores that a predictor gave when it was recorded, or, as an
 * oracle, what was really used. What it observes at layer 0 tells it which token of the trace it
 * has come to, so prompts may be fed in batches; inputs do not matter.
 */
public final class TracePredictor implements ExpertPredictor {
  private static final int ORACLE = -1;

  private final RoutingTrace trace;
  private final int set;
  private final int horizon;

  /** Tokens of the trace that have been seen at layer 0. */
  private int seen;

  private TracePredictor(RoutingTrace trace, int set, int horizon) {
    this.trace = trace;
    this.set = set;
    this.horizon = horizon;
  }

  /**
   * Replays recorded scores.
   *
   * @throws io.foregate.error.ForegateException if the trace has none of that name
   */
  public static TracePredictor replaying(RoutingTrace trace, String set) {
    int index = trace.header().set(set);
    return new TracePredictor(trace, index, trace.header().sets().get(index).horizon());
  }

  /** Gives probability 1 to all experts that are used within the horizon, and 0 to others. */
  public static TracePredictor oracle(RoutingTrace trace, int horizon) {
    return new TracePredictor(trace, ORACLE, horizon);
  }

  /** Makes {@code token} the one that comes next; {@link #reset} makes it the first. */
  public void seek(int token) {
    seen = token;
  }

  @Override
  public int horizon() {
    return horizon;
  }

  @Override
  public void predictToken(int token, float[] probabilities) {
    predict(seen, -1, probabilities);
  }

  @Override
  public void predict(int layer, float[] input, float[] probabilities) {
    predict(seen - 1, layer, probabilities);
  }

  private void predict(int token, int layer, float[] probabilities) {
    if (set != ORACLE) {
      trace.scores(token, layer, set, probabilities);
      return;
    }
    TraceHeader header = trace.header();
    Arrays.fill(probabilities, 0, horizon * header.experts(), 0);
    for (int j = 1; j <= horizon; j++) {
      int then = token + (layer + j) / header.layers();
      int target = (layer + j) % header.layers();
      for (int rank = 0; rank < header.used() && then < trace.tokens(); rank++) {
        probabilities[(j - 1) * header.experts() + trace.expert(then, target, rank)] = 1;
      }
    }
  }

  @Override
  public void observe(int layer, int[] ids, int from, int count) {
    seen += layer == 0 ? 1 : 0;
  }

  @Override
  public void reset() {
    seen = 0;
  }
}

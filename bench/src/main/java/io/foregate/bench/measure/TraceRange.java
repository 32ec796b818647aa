package io.foregate.bench.measure;

import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.TraceHeader;

/** Some tokens of a trace that follow each other. */
public record TraceRange(RoutingTrace whole, int from, int tokens) implements RoutingTrace {

  /**
   * Where a repetition's tokens begin: in the middle of its share of the trace, and moved on where
   * a new text would begin among them, which no cache and no gate could know of.
   *
   * @param needed tokens of a repetition
   */
  public static int start(RoutingTrace recorded, int repetition, int repetitions, int needed) {
    int start = (2 * repetition + 1) * (recorded.tokens() - needed) / (2 * repetitions);
    for (int i = start + needed - 1; i > start; i--) {
      if (recorded.startsText(i)) {
        return i;
      }
    }
    return start;
  }

  @Override
  public TraceHeader header() {
    return whole.header();
  }

  @Override
  public int tokenId(int token) {
    return whole.tokenId(from + token);
  }

  @Override
  public boolean isPrompt(int token) {
    return whole.isPrompt(from + token);
  }

  @Override
  public boolean startsText(int token) {
    return whole.startsText(from + token);
  }

  @Override
  public int text(int token) {
    return whole.text(from + token);
  }

  @Override
  public int expert(int token, int layer, int rank) {
    return whole.expert(from + token, layer, rank);
  }

  @Override
  public float weight(int token, int layer, int rank) {
    return whole.weight(from + token, layer, rank);
  }

  @Override
  public void scores(int token, int layer, int set, float[] out) {
    whole.scores(from + token, layer, set, out);
  }
}

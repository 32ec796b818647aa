package io.foregate.bench;

import io.foregate.gate.trace.RoutingTrace;
import io.foregate.gate.trace.TraceHeader;

/** Some tokens of a trace that follow each other. */
record TraceRange(RoutingTrace whole, int from, int tokens) implements RoutingTrace {
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

package io.foregate.gate.trace;

import io.foregate.error.ForegateException;

/**
 * A trace as if the model had more layers, to model a deeper model's offloading. What comes of it
 * is modelled, not measured, and must be labelled so.
 *
 * <p>How: a model of {@code L'} layers is built from {@code S = ceil(L' / L)} copies of the
 * recorded model of {@code L} layers, stacked; copy {@code s} reads its own part of the recording,
 * {@code N / S} tokens from token {@code s * N / S} on. So layer {@code l'} of the stretched token
 * {@code t} routes as layer {@code l' % L} of the recorded token {@code (l' / L) * (N / S) + t}.
 *
 * <ul>
 *   <li>Every layer keeps its own statistics and its own repetition from token to token.
 *   <li>Within a copy, experts of adjacent layers depend on each other as recorded. From one copy
 *       to the next they are as good as independent, which real layers are not.
 *   <li>Every score is one that a gate gave {@code j} layers before the very layer that it speaks
 *       of. Where that layer is in another copy than the one that looks ahead, it is the score that
 *       the other copy gave across its own token boundary: worse than a score from within would be.
 * </ul>
 *
 * <p>No recorded token is used twice.
 */
public final class StretchedTrace implements RoutingTrace {
  private final RoutingTrace trace;
  private final TraceHeader header;
  private final int tokens;

  private StretchedTrace(RoutingTrace trace, int layers) {
    this.trace = trace;
    this.header = trace.header().withLayers(layers);
    this.tokens = trace.tokens() / Math.ceilDiv(layers, trace.header().layers());
  }

  /**
   * The trace at another depth.
   *
   * @return {@code trace} itself if it has that many layers
   * @throws ForegateException if it has more layers, or looks ahead by more layers than it has
   */
  public static RoutingTrace of(RoutingTrace trace, int layers) {
    TraceHeader recorded = trace.header();
    if (recorded.layers() == layers) {
      return trace;
    }
    if (recorded.layers() > layers) {
      throw new ForegateException(
          "The trace has %d layers and cannot be replayed as a model of %d."
              .formatted(recorded.layers(), layers),
          "A trace can be stretched to more layers, not shortened: choose another profile.");
    }
    for (ScoreSet set : recorded.sets()) {
      if (set.horizon() > recorded.layers()) {
        throw new ForegateException(
            "The scores '%s' look %d layers ahead, and the trace has only %d to be stretched."
                .formatted(set.name(), set.horizon(), recorded.layers()),
            "Record the trace with a smaller horizon.");
      }
    }
    return new StretchedTrace(trace, layers);
  }

  @Override
  public TraceHeader header() {
    return header;
  }

  @Override
  public int tokens() {
    return tokens;
  }

  @Override
  public int tokenId(int token) {
    return trace.tokenId(token);
  }

  @Override
  public boolean isPrompt(int token) {
    return trace.isPrompt(token);
  }

  @Override
  public boolean startsText(int token) {
    return trace.startsText(token);
  }

  @Override
  public int text(int token) {
    return trace.text(token);
  }

  @Override
  public int expert(int token, int layer, int rank) {
    return trace.expert(recordedToken(token, layer), layer % recordedLayers(), rank);
  }

  @Override
  public float weight(int token, int layer, int rank) {
    return trace.weight(recordedToken(token, layer), layer % recordedLayers(), rank);
  }

  @Override
  public void scores(int token, int layer, int set, float[] out) {
    if (layer < 0) {
      trace.scores(token, layer, set, out);
      return;
    }
    int experts = header.experts();
    int horizon = header.sets().get(set).horizon();
    var row = new float[horizon * experts];
    for (int j = 1; j <= horizon; j++) {
      int target = (layer + j) % header.layers();
      int targetToken = token + (layer + j) / header.layers();
      // Where in the recording, counted in layers since its beginning, the target is, less j.
      long source =
          (long) recordedToken(targetToken, target) * recordedLayers()
              + target % recordedLayers()
              - j;
      int from = (j - 1) * experts;
      trace.scores((int) (source / recordedLayers()), (int) (source % recordedLayers()), set, row);
      System.arraycopy(row, from, out, from, experts);
    }
  }

  private int recordedLayers() {
    return trace.header().layers();
  }

  private int recordedToken(int token, int layer) {
    return layer / recordedLayers() * tokens + token;
  }
}

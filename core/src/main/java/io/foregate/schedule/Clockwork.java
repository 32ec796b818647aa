package io.foregate.schedule;

/**
 * Where in a token the computation is, and when each layer is expected to be routed, were there no
 * stalls. Feeds the {@link CostModel} with what passes between the events.
 */
final class Clockwork {
  /** Of what has lasted longer than expected, this share of its age is expected to follow. */
  private static final double OVERTIME = 0.1;

  private final ExpertGrid grid;
  private final CostModel costs;
  private final double[] until;
  private int layer;
  private boolean routed;
  private boolean between = true;
  private int tokens = 1;
  private long since;
  private long stalled;

  Clockwork(ExpertGrid grid, CostModel costs) {
    this.grid = grid;
    this.costs = costs;
    this.until = new double[grid.layers() + 1];
    this.layer = grid.layers() - 1;
  }

  /** The layer that was routed last. */
  int layer() {
    return layer;
  }

  /** Whether that layer's experts are at work; else the next layer's attention, or nothing. */
  boolean routed() {
    return routed;
  }

  int tokens() {
    return tokens;
  }

  void begin(int batch, long now) {
    if (between && batch == 1 && tokens == 1 && since > 0) {
      costs.gap(now - since);
    }
    costs.begin(batch);
    tokens = batch;
    layer = grid.layers() - 1;
    routed = false;
    between = false;
    since = now;
  }

  void routed(int newLayer, long now) {
    if (!routed && !between && since > 0) {
      costs.attention(newLayer, now - since);
    }
    layer = newLayer;
    routed = true;
    since = now;
    stalled = 0;
  }

  void stalled(long nanos) {
    stalled += nanos;
  }

  long routedAt() {
    return since;
  }

  void layerDone(long now) {
    costs.experts(layer, now - since - stalled);
    routed = false;
    between = layer == grid.layers() - 1;
    since = now;
  }

  /**
   * Time from now to the routing of the layers to come.
   *
   * @return by distance, 1 up to the number of layers; overwritten by the next call
   */
  double[] untilRouting(long now) {
    int next = (layer + 1) % grid.layers();
    double gap = next == 0 ? costs.gapNanos() : 0;
    double time;
    if (routed) {
      time = remaining(costs.expertsNanos(layer), now - since - stalled);
      time += gap + costs.attentionNanos(next);
    } else {
      double whole = costs.attentionNanos(next) + (between ? gap : 0);
      time = remaining(whole, now - since);
    }
    until[1] = time;
    for (int d = 2; d <= grid.layers(); d++) {
      int before = next;
      next = (next + 1) % grid.layers();
      time += costs.expertsNanos(before) + costs.attentionNanos(next);
      if (next == 0) {
        time += costs.gapNanos();
      }
      until[d] = time;
    }
    return until;
  }

  private static double remaining(double expected, long passed) {
    return Math.max(expected - passed, OVERTIME * passed);
  }
}

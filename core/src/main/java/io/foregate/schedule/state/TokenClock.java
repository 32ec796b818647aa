package io.foregate.schedule.state;

/** Where in a token the computation is, and how much of the time is lost to waiting for copies. */
public final class TokenClock {
  /** Weight of a token in the average share of stalls. */
  private static final double WEIGHT = 0.1;

  private final ExpertGrid grid;
  private double stallShare;
  private int layer;
  private int tokens = 1;
  private long begun;
  private long routedAt;
  private long stalled;

  public TokenClock(ExpertGrid grid) {
    this.grid = grid;
    this.layer = grid.layers() - 1;
  }

  /** The layer that was routed last. */
  public int layer() {
    return layer;
  }

  /** When that was. */
  public long routedAt() {
    return routedAt;
  }

  /** Tokens of the current batch. */
  public int tokens() {
    return tokens;
  }

  /** Share of decoding's time, lately, in which nothing could be computed for want of experts. */
  public double stallShare() {
    return stallShare;
  }

  public void begin(int batch, long now) {
    tokens = batch;
    layer = grid.layers() - 1;
    begun = now;
    stalled = 0;
  }

  public void routed(int newLayer, long now) {
    layer = newLayer;
    routedAt = now;
  }

  public void stalled(long nanos) {
    stalled += nanos;
  }

  public void layerDone(long now) {
    if (tokens == 1 && layer == grid.layers() - 1 && now > begun) {
      stallShare += WEIGHT * ((double) stalled / (now - begun) - stallShare);
    }
  }
}

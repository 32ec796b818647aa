package io.foregate.schedule.state;

/**
 * What copies and one token's experts take, measured as they happen: what {@code HostShare} and
 * {@code PrefetchByGain} weigh. All times in nanoseconds.
 */
public final class CostModel {
  private static final double WEIGHT = 1.0 / 16;

  /**
   * First runs on the CPU that are not counted, as code that has not run before takes a multiple:
   * judged by that, the CPU would never be asked again.
   */
  private static final int COLD_RUNS = 4;

  /** Copies of different sizes are told apart only when their sizes spread by this share. */
  private static final double SPREAD = 0.01;

  /** Before so many runs of a kind, what it takes is no measure. */
  private static final int ENOUGH_RUNS = 32;

  private final Average bytes;
  private final Average copy;
  private final Average squares;
  private final Average products;
  private final Average expert;
  private final Average host;
  private final Average alone = new Average(WEIGHT, 0);
  private final Average beside = new Average(WEIGHT, 0);
  private int aloneRuns;
  private int besideRuns;
  private double slowdown;
  private int coldRuns;

  /**
   * @param slotBytes bytes of a typical copy, to which {@code timings} refer
   */
  public CostModel(Timings timings, long slotBytes) {
    bytes = new Average(WEIGHT, slotBytes);
    copy = new Average(WEIGHT, timings.copyNanos());
    squares = new Average(WEIGHT, (double) slotBytes * slotBytes);
    products = new Average(WEIGHT, slotBytes * timings.copyNanos());
    expert = new Average(WEIGHT, timings.expertNanos());
    host = new Average(WEIGHT, timings.hostExpertNanos());
    coldRuns = host.known() ? 0 : COLD_RUNS;
  }

  /** A copy took that long. */
  public void copied(long count, long nanos) {
    bytes.add(count);
    copy.add(nanos);
    squares.add((double) count * count);
    products.add((double) count * nanos);
  }

  /** What copying that many bytes takes: latency + bytes / speed, fitted to past copies. */
  public double copyNanos(long count) {
    double mean = bytes.value();
    double variance = squares.value() - mean * mean;
    if (variance < SPREAD * SPREAD * mean * mean) {
      return copy.value() * count / mean;
    }
    double slope = (products.value() - mean * copy.value()) / variance;
    double atMost = copy.value() / mean; // a negative latency is noise
    slope = Math.clamp(slope, 0, atMost);
    return copy.value() + slope * (count - mean);
  }

  /** One expert ran, for one token. */
  public void expert(double nanos, boolean onHost) {
    if (onHost && coldRuns > 0) {
      coldRuns--;
    } else {
      (onHost ? host : expert).add(nanos);
    }
  }

  /** One expert ran on the device, for one token: beside copies all the time, or beside none. */
  public void overlap(double nanos, boolean copying) {
    if (copying) {
      beside.add(nanos);
      besideRuns = Math.min(besideRuns + 1, ENOUGH_RUNS);
    } else {
      alone.add(nanos);
      aloneRuns = Math.min(aloneRuns + 1, ENOUGH_RUNS);
    }
  }

  /** A token begins: {@link #slowdown} stays the same until the next one. */
  public void begin() {
    boolean known = aloneRuns == ENOUGH_RUNS && besideRuns == ENOUGH_RUNS;
    slowdown = known ? Math.clamp(beside.value() / alone.value() - 1, 0, 1) : 0;
  }

  /**
   * What a moment of copying costs computing, in moments: more than 0 where both share memory or
   * cores. 0 as long as it is not known.
   */
  public double slowdown() {
    return slowdown;
  }

  public double expertNanos() {
    return expert.value();
  }

  public double hostExpertNanos() {
    return host.value();
  }

  public boolean hostKnown() {
    return host.known();
  }
}

package io.foregate.schedule;

/**
 * What copies and computation take, measured as they happen. All times in nanoseconds. Decoding and
 * prefill are kept apart.
 */
final class CostModel {
  private static final double WEIGHT = 1.0 / 16;

  /** Copies of different sizes are told apart only when their sizes spread by this share. */
  private static final double SPREAD = 0.01;

  private final Average bytes;
  private final Average copy;
  private final Average squares;
  private final Average products;
  private final Speeds decode;
  private final Speeds batch;
  private Speeds current;

  /** Speeds of one kind of batch. */
  private static final class Speeds {
    final Average[] attention;
    final Average[] experts;
    final Average expert;
    final Average host;
    final Average gap = new Average(WEIGHT, 0);

    Speeds(int layers, Timings timings, int used) {
      attention = new Average[layers];
      experts = new Average[layers];
      for (int l = 0; l < layers; l++) {
        attention[l] = new Average(WEIGHT, timings.attentionNanos());
        experts[l] = new Average(WEIGHT, timings.expertNanos() * used);
      }
      expert = new Average(WEIGHT, timings.expertNanos());
      host = new Average(WEIGHT, timings.hostExpertNanos());
    }
  }

  /**
   * @param slotBytes bytes of a typical copy, to which {@code timings} refer
   */
  CostModel(ExpertGrid grid, Timings timings, long slotBytes) {
    bytes = new Average(WEIGHT, slotBytes);
    copy = new Average(WEIGHT, timings.copyNanos());
    squares = new Average(WEIGHT, (double) slotBytes * slotBytes);
    products = new Average(WEIGHT, slotBytes * timings.copyNanos());
    decode = new Speeds(grid.layers(), timings, grid.used());
    batch = new Speeds(grid.layers(), timings, grid.experts());
    current = decode;
  }

  /** A batch of that many tokens begins. */
  void begin(int tokens) {
    current = tokens == 1 ? decode : batch;
  }

  /** A copy took that long. */
  void copied(long count, long nanos) {
    bytes.add(count);
    copy.add(nanos);
    squares.add((double) count * count);
    products.add((double) count * nanos);
  }

  /** What copying that many bytes takes: latency + bytes / speed, fitted to past copies. */
  double copyNanos(long count) {
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

  /** From the end of the layer before, or the beginning of the batch, to the routing. */
  void attention(int layer, long nanos) {
    current.attention[layer].add(nanos);
  }

  double attentionNanos(int layer) {
    return current.attention[layer].value();
  }

  /** From the routing of a layer to its end, stalls left out. */
  void experts(int layer, long nanos) {
    current.experts[layer].add(nanos);
  }

  double expertsNanos(int layer) {
    return current.experts[layer].value();
  }

  /** From the last layer's end to the beginning of the next token: logits and sampling. */
  void gap(long nanos) {
    current.gap.add(nanos);
  }

  double gapNanos() {
    return current.gap.value();
  }

  /** One expert ran. */
  void expert(double nanos, boolean onHost) {
    (onHost ? current.host : current.expert).add(nanos);
  }

  double expertNanos() {
    return current.expert.value();
  }

  double hostExpertNanos() {
    return current.host.value();
  }

  boolean hostKnown() {
    return current.host.known();
  }
}

package io.foregate.model;

import java.util.Optional;

/**
 * Rotary position embedding (arXiv 2104.09864) of one model.
 *
 * @param style which elements rotate together
 * @param dimensions how many elements of a head rotate; even, 0 where positions are not embedded
 * @param base theta of the frequencies {@code base^(-2i / dimensions)}
 * @param scale positions are multiplied by it (linear scaling and YaRN: 1 / factor; 1 without)
 * @param factors divisors of the {@code dimensions / 2} frequencies (Llama 3's {@code rope_freqs}),
 *     or an empty array
 * @param magnitude what rotated queries and keys are multiplied by
 * @param yarn how it is scaled where it is not scaled linearly
 * @param longContext what changes in long contexts (LongRoPE, arXiv 2402.13753)
 */
public record RopeConfig(
    RopeStyle style,
    int dimensions,
    float base,
    float scale,
    float[] factors,
    float magnitude,
    Optional<Yarn> yarn,
    Optional<LongContext> longContext) {

  /**
   * YaRN (arXiv 2309.00071): frequencies that turn often within the original context stay as they
   * are, those that turn rarely are scaled, those between are mixed.
   *
   * @param originalContext positions that the model saw before it was extended
   * @param betaFast from so many turns on a frequency stays
   * @param betaSlow up to so many turns a frequency is scaled
   */
  public record Yarn(int originalContext, float betaFast, float betaSlow) {

    /** The pair, as a real number, that turns so many times within the original context. */
    private double pair(double turns, int dimensions, double base) {
      return dimensions * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }

    /** How much of a pair's frequency is left unscaled: 0 to 1. */
    private double unscaled(int pair, int dimensions, double base) {
      double low = Math.max(0, Math.floor(pair(betaFast, dimensions, base)));
      double high = Math.min(dimensions - 1, Math.ceil(pair(betaSlow, dimensions, base)));
      return 1 - Math.clamp((pair - low) / Math.max(0.001, high - low), 0, 1);
    }
  }

  /**
   * Other divisors in contexts that are longer than the original one.
   *
   * @param factors divisors of the {@code dimensions / 2} frequencies
   */
  public record LongContext(int originalContext, float[] factors) {}

  /** Scaled linearly, or not at all. */
  public RopeConfig(RopeStyle style, int dimensions, float base, float scale, float[] factors) {
    this(style, dimensions, base, scale, factors, 1, Optional.empty(), Optional.empty());
  }

  /**
   * The facts that hold in a context of so many positions, from its first token on: what is in the
   * cache has been rotated once and for all.
   */
  public RopeConfig at(int context) {
    if (longContext.isEmpty() || context <= longContext.get().originalContext()) {
      return this;
    }
    float[] longer = longContext.get().factors();
    return new RopeConfig(
        style, dimensions, base, scale, longer, magnitude, yarn, Optional.empty());
  }

  /** Radians by which each of the {@code dimensions / 2} pairs turns from position to position. */
  public double[] frequencies() {
    var frequencies = new double[dimensions / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double frequency = Math.pow(base, -2.0 * i / dimensions) * scaleOf(i);
      frequencies[i] = factors.length > 0 ? frequency / factors[i] : frequency;
    }
    return frequencies;
  }

  private double scaleOf(int pair) {
    if (yarn.isEmpty()) {
      return scale;
    }
    double unscaled = yarn.get().unscaled(pair, dimensions, base);
    return scale * (1 - unscaled) + unscaled;
  }
}

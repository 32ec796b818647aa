package io.foregate.model;

/**
 * Rotary position embedding (arXiv 2104.09864) of one model.
 *
 * @param style which elements rotate together
 * @param dimensions how many leading elements of a head rotate; even, at most the head's size
 * @param base theta of the frequencies {@code base^(-2i / dimensions)}
 * @param scale positions are multiplied by it (linear scaling: 1 / factor; 1 without)
 * @param factors divisors of the {@code dimensions / 2} frequencies (Llama 3's {@code rope_freqs}),
 *     or an empty array
 */
public record RopeFacts(
    RopeStyle style, int dimensions, float base, float scale, float[] factors) {}

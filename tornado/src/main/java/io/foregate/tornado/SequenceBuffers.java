package io.foregate.tornado;

import io.foregate.model.ModelConfig;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The arrays of a sequence. All up to {@code out} stay on the device; the others come and go.
 *
 * @param keys of all layers, see {@link io.foregate.kernels.Attention}
 * @param values likewise
 * @param angles of RoPE, for every position
 * @param x the residual stream
 * @param normed the residual stream, normed
 * @param qkv queries, keys and values of the token
 * @param rotated its queries, rotated
 * @param attended what attention makes of them
 * @param hidden activations inside feed-forward networks, {@code [used][feedForward]}
 * @param out what feed-forward networks make of them, {@code [used][embedding]}
 * @param expertWeights by rank, to the device
 * @param routed what {@link io.foregate.kernels.Router} decided, to the host
 * @param logits to the host
 * @param delivered what the processor computed for an expert, to the device
 */
record SequenceBuffers(
    IntArray keys,
    IntArray values,
    FloatArray angles,
    FloatArray x,
    FloatArray normed,
    FloatArray qkv,
    FloatArray rotated,
    FloatArray attended,
    FloatArray hidden,
    FloatArray out,
    FloatArray expertWeights,
    FloatArray routed,
    FloatArray logits,
    FloatArray delivered) {

  static SequenceBuffers of(ModelConfig config, int capacity) {
    int width = config.embedding();
    int used = used(config);
    return new SequenceBuffers(
        new IntArray(cacheWords(config, capacity)),
        new IntArray(cacheWords(config, capacity)),
        RopeAngles.of(config.rope(), capacity),
        new FloatArray(width),
        new FloatArray(width),
        new FloatArray(config.querySize() + 2 * config.kvSize()),
        new FloatArray(config.querySize()),
        new FloatArray(config.querySize()),
        new FloatArray(used * config.feedForward()),
        new FloatArray(used * width),
        new FloatArray(used),
        new FloatArray(config.experts() + 2 * config.expertsUsed() + width),
        new FloatArray(config.vocabulary()),
        new FloatArray(width));
  }

  /** Feed-forward networks that a token passes in a layer. */
  static int used(ModelConfig config) {
    return Math.max(1, config.expertsUsed());
  }

  /** Words of a sequence's keys, and of its values. */
  static int cacheWords(ModelConfig config, int capacity) {
    return Math.toIntExact((long) config.layers() * config.kvSize() * capacity / 2);
  }

  /** Device memory of a sequence, but for some hundred bytes. */
  static long bytes(ModelConfig config, int capacity) {
    long floats =
        (long) capacity * config.rope().dimensions()
            + 4L * config.embedding()
            + 3L * config.querySize()
            + 2L * config.kvSize()
            + (long) used(config) * (config.feedForward() + config.embedding())
            + config.vocabulary();
    return 4 * (floats + 2L * cacheWords(config, capacity));
  }

  /** Those that stay on the device. */
  List<Object> kept() {
    return List.of(keys, values, angles, x, normed, qkv, rotated, attended, hidden, out);
  }
}

package io.foregate.tornado;

import io.foregate.model.ModelConfig;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The arrays of a sequence. All up to {@code out} stay on the device; the others come and go.
 * Activations have a row for each token of the largest batch; a token alone uses the first.
 *
 * @param keys of all layers, see {@link io.foregate.kernels.Attention}
 * @param values likewise
 * @param angles of RoPE, for every position
 * @param x the residual stream
 * @param normed the residual stream, normed
 * @param qkv queries, keys and values
 * @param rotated queries, rotated
 * @param attended what attention makes of them
 * @param hidden activations inside feed-forward networks, {@code [tokens][used][feedForward]}
 * @param out what feed-forward networks make of them, {@code [tokens][used][embedding]}
 * @param expertWeights of a token alone, by rank, to the device
 * @param batchWeights of a batch, {@code [tokens][used]}
 * @param routed what {@link io.foregate.kernels.Router} decided of a token alone, to the host
 * @param batchRouted of a batch
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
    FloatArray batchWeights,
    FloatArray routed,
    FloatArray batchRouted,
    FloatArray logits,
    FloatArray delivered) {

  /** Tokens of the largest batch: as many as make its products worth their tiles. */
  private static final int MOST_TOKENS = 64;

  static SequenceBuffers of(ModelConfig config, int capacity) {
    int width = config.embedding();
    int used = used(config);
    int tokens = tokens(capacity);
    return new SequenceBuffers(
        new IntArray(cacheWords(config, capacity)),
        new IntArray(cacheWords(config, capacity)),
        RopeAngles.of(config.rope(), capacity),
        new FloatArray(tokens * width),
        new FloatArray(tokens * width),
        new FloatArray(tokens * qkv(config)),
        new FloatArray(tokens * config.querySize()),
        new FloatArray(tokens * config.querySize()),
        new FloatArray(tokens * used * config.feedForward()),
        new FloatArray(tokens * used * width),
        new FloatArray(used),
        new FloatArray(tokens * used),
        new FloatArray(record(config) + width),
        new FloatArray(tokens * (record(config) + width)),
        new FloatArray(config.vocabulary()),
        new FloatArray(width));
  }

  /** Tokens of the largest batch. */
  static int tokens(int capacity) {
    return Math.min(MOST_TOKENS, capacity);
  }

  /** Numbers of a token's query, key and value heads. */
  static int qkv(ModelConfig config) {
    return config.querySize() + 2 * config.kvSize();
  }

  /** Numbers of a token in what the router decides. */
  static int record(ModelConfig config) {
    return config.experts() + 2 * config.expertsUsed();
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
    long token =
        4L * config.embedding()
            + 3L * config.querySize()
            + 2L * config.kvSize()
            + (long) used(config) * (config.feedForward() + config.embedding());
    long floats =
        (long) capacity * config.rope().dimensions()
            + tokens(capacity) * token
            + config.vocabulary();
    return 4 * (floats + 2L * cacheWords(config, capacity));
  }

  /** Those that stay on the device. */
  List<Object> kept() {
    return List.of(keys, values, angles, x, normed, qkv, rotated, attended, hidden, out);
  }
}

package io.foregate.tornado;

import io.foregate.backend.KvType;
import io.foregate.kernels.Int8;
import io.foregate.kernels.MmaTiles;
import io.foregate.kernels.Planes;
import io.foregate.model.LatentFacts;
import io.foregate.model.ModelConfig;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The arrays of a sequence. All up to {@code gateHidden} stay on the device; the others come and
 * go. Activations have a row for each token of the largest batch; a token alone uses the first.
 *
 * @param halves the KV cache of type F16, keys of all layers, then values, see {@link
 *     io.foregate.kernels.Attention}; one word if it is of another type
 * @param singles likewise of type F32
 * @param angles of RoPE, for every position
 * @param x the residual stream
 * @param normed the residual stream, normed
 * @param qkv queries, keys and values; with latent attention, see {@link LatentTasks}
 * @param rotated queries, rotated
 * @param attended what attention makes of them
 * @param hidden activations inside feed-forward networks, {@code [tokens][used][width]}
 * @param out what feed-forward networks make of them, {@code [tokens][used][embedding]}
 * @param codes of a token alone, activations of 8 bits, see {@link Int8}, or of a batch, halves,
 *     see {@link MmaTiles}; one word if none is wanted
 * @param scales what they are to be multiplied with
 * @param sums see {@link MmaTiles}; one float if none is wanted
 * @param gateInput what lookahead gates read, see {@link io.foregate.kernels.Gating}; one float
 *     without
 * @param gateHidden their hidden layer
 * @param expertWeights of a token alone, by rank, to the device
 * @param batchWeights of a batch, {@code [tokens][used]}
 * @param routed what {@link io.foregate.kernels.Router} and gates decided of a token alone, to the
 *     host
 * @param batchRouted of a batch
 * @param logits to the host
 * @param delivered what the processor computed for an expert, to the device
 */
record SequenceBuffers(
    IntArray halves,
    FloatArray singles,
    FloatArray angles,
    FloatArray x,
    FloatArray normed,
    FloatArray qkv,
    FloatArray rotated,
    FloatArray attended,
    FloatArray hidden,
    FloatArray out,
    IntArray codes,
    FloatArray scales,
    FloatArray sums,
    FloatArray gateInput,
    FloatArray gateHidden,
    FloatArray expertWeights,
    FloatArray batchWeights,
    FloatArray routed,
    FloatArray batchRouted,
    FloatArray logits,
    FloatArray delivered) {

  /** Tokens of the largest batch: as many as make its products worth their tiles. */
  private static final int MOST_TOKENS = 64;

  /**
   * @param variants how weights are multiplied with tokens
   * @param gates that are scored
   */
  static SequenceBuffers of(
      ModelConfig config, CacheShape cache, KernelVariants variants, GateSizes gates) {
    int width = config.embedding();
    int used = used(config);
    int tokens = tokens(cache.capacity());
    int units = variants.token() == MatVecVariant.INT8 ? units(config) : 0;
    int rows = variants.batch() == MatMulVariant.MMA ? tokens : 0;
    int words = Math.max(units * Int8.CODE_WORDS, rows * longest(config) / 2);
    int factors = Math.max(units * Int8.SCALES, rows * used);
    return new SequenceBuffers(
        new IntArray(cache.words(config, KvType.F16)),
        new FloatArray(cache.words(config, KvType.F32)),
        RopeAngles.of(config.rope(), cache.capacity()),
        new FloatArray(tokens * width),
        new FloatArray(tokens * width),
        new FloatArray(tokens * qkv(config)),
        new FloatArray(tokens * rotated(config)),
        new FloatArray(tokens * attended(config)),
        new FloatArray(tokens * hidden(config)),
        new FloatArray(tokens * used * width),
        new IntArray(Math.max(1, words)),
        new FloatArray(Math.max(1, factors)),
        new FloatArray(Math.max(1, sums(rows))),
        new FloatArray(gates.present() ? 2 * width : 1),
        new FloatArray(Math.max(1, gates.hidden())),
        new FloatArray(used),
        new FloatArray(tokens * used),
        new FloatArray(record(config) + gates.outputs() + width),
        new FloatArray(tokens * (record(config) + width)),
        new FloatArray(config.vocabulary()),
        new FloatArray(width));
  }

  /** Tokens of the largest batch. */
  static int tokens(int capacity) {
    return Math.min(MOST_TOKENS, capacity);
  }

  /** Numbers of a token in {@link #qkv}. */
  private static int qkv(ModelConfig config) {
    int input = InputSizes.of(config).sum();
    return config
        .attention()
        .latent()
        .map(latent -> Math.max(input, config.heads() * latent.rank()))
        .orElse(input);
  }

  private static int rotated(ModelConfig config) {
    return Math.max(config.querySize(), queryRank(config));
  }

  private static int attended(ModelConfig config) {
    return Math.max(config.attendedSize(), queryRank(config));
  }

  private static int queryRank(ModelConfig config) {
    return config.attention().latent().map(LatentFacts::queryRank).orElse(0);
  }

  /** Numbers of a token in what the router decides. */
  static int record(ModelConfig config) {
    return config.experts() + 2 * config.expertsUsed();
  }

  /** Feed-forward networks that a token passes in a layer. */
  static int used(ModelConfig config) {
    return Math.max(1, config.expertsUsed());
  }

  /** Activations of a token inside the feed-forward networks of one launch. */
  private static int hidden(ModelConfig config) {
    int experts = config.expertsUsed() * config.mixture().feedForward();
    int others = Math.max(config.feedForward(), config.mixture().sharedFeedForward());
    return Math.max(experts, others);
  }

  /** Numbers of a token in what weights are multiplied with, at most. */
  private static int longest(ModelConfig config) {
    return Math.max(hidden(config), Math.max(config.embedding(), attended(config)));
  }

  private static int units(ModelConfig config) {
    return Math.ceilDiv(longest(config), Planes.UNIT);
  }

  /** Floats that batches of so many tokens need for {@code sums}. */
  private static int sums(int tokens) {
    return tokens > 0 ? MmaTiles.MOST_GROUPS * MmaTiles.GROUP_SUMS : 0;
  }

  /** Device memory of a sequence in whatever variants, but for some hundred bytes. */
  static long bytes(ModelConfig config, CacheShape cache) {
    long token =
        4L * config.embedding()
            + qkv(config)
            + rotated(config)
            + attended(config)
            + hidden(config)
            + (long) used(config) * config.embedding();
    long floats =
        (long) cache.capacity() * config.rope().dimensions()
            + tokens(cache.capacity()) * token
            + (long) units(config) * (Int8.CODE_WORDS + Int8.SCALES)
            + tokens(cache.capacity()) * (longest(config) / 2L + used(config))
            + sums(tokens(cache.capacity()))
            + config.vocabulary();
    return 4 * floats + cache.bytes(config);
  }

  /** Those that stay on the device. */
  List<Object> kept() {
    return List.of(
        halves,
        singles,
        angles,
        x,
        normed,
        qkv,
        rotated,
        attended,
        hidden,
        out,
        codes,
        scales,
        sums,
        gateInput,
        gateHidden);
  }
}

package io.foregate.tornado.graph;

import io.foregate.model.ModelConfig;
import io.foregate.options.KvType;
import io.foregate.placement.ModelSizes;
import io.foregate.tornado.products.ExactNetworks;
import io.foregate.tornado.products.KernelSet;
import io.foregate.tornado.products.KernelVariant;
import io.foregate.tornado.products.NetworkBuffers;
import io.foregate.tornado.products.ProductBuffers;
import io.foregate.tornado.weights.GateSizes;
import io.foregate.tornado.weights.RopeAngles;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The arrays of a sequence, listed here and nowhere else. Activations have a row for each token of
 * the largest batch; a token alone uses the first. Where something is not wanted, one element
 * stands for it: TornadoVM has no empty arrays.
 */
public final class SequenceBuffers {
  /** Tokens of the largest batch: as many as make its products worth their tiles. */
  private static final int MAX_TOKENS = ModelSizes.BATCH;

  /** What {@link #hidden} may be: a batch of it is an array. */
  public static final int MAX_HIDDEN = (Integer.MAX_VALUE - 8) / MAX_TOKENS;

  private final List<IntArray> keptWords = new ArrayList<>();
  private final List<FloatArray> keptFloats = new ArrayList<>();

  // What stays on the device.

  /**
   * The KV cache of type F16, keys of all layers, then values, see {@link
   * io.foregate.kernels.AttentionKernels}.
   */
  final IntArray kvF16;

  /** Likewise of type F32. */
  final FloatArray kvF32;

  /** Of RoPE, for every position. */
  final FloatArray angles;

  /** The residual stream, {@code [tokens][embedding]}. */
  final FloatArray residual;

  /** The residual stream, normed, {@code [tokens][embedding]}. */
  final FloatArray normed;

  /** Queries, keys and values of each token; with latent attention, see {@link LatentTasks}. */
  final FloatArray qkv;

  /** Queries, rotated. */
  final FloatArray queries;

  /** What attention makes of them. */
  final FloatArray attended;

  /** Activations inside feed-forward networks, {@code [tokens][used][width]}. */
  final FloatArray hidden;

  /** What feed-forward networks make of them, {@code [tokens][used][embedding]}. */
  final FloatArray outputs;

  /** Activations as the variants of kernels multiply them. */
  final ProductBuffers scratch;

  /** What lookahead gates read, see {@link io.foregate.kernels.Gating}. */
  final FloatArray gateInput;

  /** Their hidden layer. */
  final FloatArray gateHidden;

  // What comes and goes.

  /** Of a token alone, its experts' weights by rank, to the device. */
  final FloatArray expertWeights;

  /** Of a batch, {@code [tokens][used]}. */
  final FloatArray batchWeights;

  /** What {@link io.foregate.kernels.Router} and gates decided of a token alone, to the host. */
  final FloatArray routed;

  /** Of a batch. */
  final FloatArray batchRouted;

  /** To the host. */
  final FloatArray logits;

  /** What the CPU computed for an expert, to the device. */
  final FloatArray delivered;

  /**
   * @param variants how weights are multiplied with tokens
   * @param gates that are scored
   */
  SequenceBuffers(ModelConfig config, CacheShape cache, KernelSet variants, GateSizes gates) {
    int width = config.embedding();
    int used = used(config);
    int tokens = tokens(cache.capacity());
    this.kvF16 = kept(new IntArray(cache.words(config, KvType.F16)));
    this.kvF32 = kept(new FloatArray(cache.words(config, KvType.F32)));
    this.angles = kept(RopeAngles.of(config.rope(), cache.capacity()));
    this.residual = kept(new FloatArray(tokens * width));
    this.normed = kept(new FloatArray(tokens * width));
    this.qkv = kept(new FloatArray(tokens * qkv(config)));
    this.queries = kept(new FloatArray(tokens * queries(config)));
    this.attended = kept(new FloatArray(tokens * attended(config)));
    this.hidden = kept(new FloatArray(Math.toIntExact(tokens * hidden(config))));
    this.outputs = kept(new FloatArray(tokens * used * width));
    this.scratch =
        ProductBuffers.of(
            scratch(config, 1, variants.token())
                .or(scratch(config, tokens, variants.batch()))
                .or(ExactNetworks.scratch(load(config, 1))));
    kept(scratch.codes());
    kept(scratch.factors());
    kept(scratch.sums());
    this.gateInput = kept(new FloatArray(gates.present() ? 2 * width : 1));
    this.gateHidden = kept(new FloatArray(Math.max(1, gates.hidden())));
    this.expertWeights = new FloatArray(used);
    this.batchWeights = new FloatArray(tokens * used);
    this.routed = new FloatArray(record(config) + gates.outputs() + width);
    this.batchRouted = new FloatArray(tokens * (record(config) + width));
    this.logits = new FloatArray(config.vocabulary());
    this.delivered = new FloatArray(width);
  }

  private IntArray kept(IntArray array) {
    keptWords.add(array);
    return array;
  }

  private FloatArray kept(FloatArray array) {
    keptFloats.add(array);
    return array;
  }

  private static ProductBuffers.Size scratch(
      ModelConfig config, int tokens, KernelVariant variant) {
    return variant.scratch(load(config, tokens));
  }

  private static ProductBuffers.Load load(ModelConfig config, int tokens) {
    return new ProductBuffers.Load(tokens, longest(config), used(config));
  }

  /** Tokens of the largest batch. */
  public static int tokens(int capacity) {
    return Math.min(MAX_TOKENS, capacity);
  }

  /** Numbers of a token in {@link #qkv}. */
  private static int qkv(ModelConfig config) {
    return Math.toIntExact(ModelSizes.inputs(config.attention()));
  }

  private static int queries(ModelConfig config) {
    return Math.toIntExact(ModelSizes.queries(config.attention()));
  }

  private static int attended(ModelConfig config) {
    return Math.toIntExact(ModelSizes.attended(config.attention()));
  }

  /** Numbers of a token in what the router decides. */
  public static int record(ModelConfig config) {
    return config.experts() + 2 * config.expertsUsed();
  }

  /** Feed-forward networks that a token passes in a layer. */
  private static int used(ModelConfig config) {
    return Math.max(1, config.expertsUsed());
  }

  /** Activations of a token inside the feed-forward networks of one launch. */
  public static long hidden(ModelConfig config) {
    return ModelSizes.hidden(config);
  }

  /** Numbers of a token in what weights are multiplied with, at most. */
  private static int longest(ModelConfig config) {
    int others = Math.max(config.embedding(), attended(config));
    return Math.toIntExact(Math.max(hidden(config), others));
  }

  /** Those that stay on the device. */
  Object[] kept() {
    return Stream.concat(keptWords.stream(), keptFloats.stream()).toArray();
  }

  /** Of these, the integers. */
  List<IntArray> keptWords() {
    return keptWords;
  }

  /** Of these, the floats. */
  List<FloatArray> keptFloats() {
    return keptFloats;
  }

  /** What feed-forward networks read and write. */
  NetworkBuffers networks() {
    return new NetworkBuffers(normed, hidden, outputs, residual);
  }
}

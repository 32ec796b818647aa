package io.foregate.placement;

import io.foregate.model.AttentionConfig;
import io.foregate.model.LatentConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.Trait;
import io.foregate.options.KvType;

/**
 * Sizes of a model that say what it takes of a device beside its experts.
 *
 * @param dense bytes of the weights that every token needs
 * @param layers transformer blocks that keep keys and values
 * @param kept elements of a position that such a layer keeps
 * @param state bytes that a sequence keeps beside them, whatever its length
 * @param activations numbers of a token between its layers' products, all at once
 * @param rotated elements of a head that rotate: angles of each position lie on the device
 * @param vocabulary tokens, each of which has a logit
 */
public record ModelSizes(
    long dense, int layers, long kept, long state, long activations, int rotated, int vocabulary) {

  /** The most tokens of a prompt that a device computes at once. */
  public static final int BATCH = 64;

  /** Partial sums that products of a batch keep, whatever the model. */
  private static final int SUMS = 1 << 20;

  /** Of which sums still are a long, and which no device has. */
  private static final long ABSURD = 1L << 55;

  /**
   * A model's.
   *
   * @param dense bytes of its weights without routed experts, as they lie on the device
   */
  public static ModelSizes of(ModelConfig config, long dense) {
    return new ModelSizes(
        dense,
        config.attentionLayers(),
        config.attention().keptSize(),
        config.stateBytes(),
        activations(config),
        config.rope().dimensions(),
        config.vocabulary());
  }

  private static long activations(ModelConfig config) {
    long gates = config.family().has(Trait.OUTPUT_GATE) ? config.querySize() : 0;
    long net = config.deltaNet().map(n -> 2L * n.inputSize()).orElse(0L);
    return activations(config.embedding(), config.attention(), hidden(config), config.expertsUsed())
        + Math.max(2 * gates, net);
  }

  /**
   * Numbers of a token in flight: the residual stream and its norm, in and out of a product each;
   * what attention begins with, rotates and ends with; the insides of networks, and an output for
   * each.
   *
   * @param hidden numbers inside the feed-forward networks that a token passes in a layer
   * @param used experts that a token uses; 0 in a dense model
   */
  public static long activations(int embedding, AttentionConfig attention, long hidden, int used) {
    return 4L * embedding
        + inputs(attention)
        + queries(attention)
        + attended(attention)
        + hidden
        + (long) Math.max(1, used) * embedding;
  }

  /** Queries, keys and values; with latent attention, what they are made of or become. */
  public static long inputs(AttentionConfig attention) {
    long queries = (long) attention.heads() * attention.keySize();
    if (attention.latent().isEmpty()) {
      return queries + attention.kvHeads() * ((long) attention.keySize() + attention.valueSize());
    }
    LatentConfig latent = attention.latent().get();
    long input = (long) attention.heads() * latent.querySize() + latent.rank() + latent.rotated();
    return Math.max(input, (long) attention.heads() * latent.rank());
  }

  /** Queries, rotated; with latent attention, room for what they are made of, too. */
  public static long queries(AttentionConfig attention) {
    return Math.max((long) attention.heads() * attention.keySize(), queryRank(attention));
  }

  /** What attention makes of them, likewise. */
  public static long attended(AttentionConfig attention) {
    return Math.max(attention.outputSize(), queryRank(attention));
  }

  private static int queryRank(AttentionConfig attention) {
    return attention.latent().map(LatentConfig::queryRank).orElse(0);
  }

  /** Numbers of a token inside the feed-forward networks that it passes in a layer. */
  public static long hidden(ModelConfig config) {
    long experts = (long) config.expertsUsed() * config.moe().feedForward();
    long others = Math.max(config.feedForward(), config.moe().sharedFeedForward());
    return Math.max(experts, others);
  }

  /** Bytes of a sequence's keys, values and state; absurdly many for absurd sizes. */
  public long kvCache(int context, KvType type) {
    return state + kvCache(layers, kept, context, type);
  }

  /** Bytes of keys and values alone. */
  public static long kvCache(int layers, long kept, int context, KvType type) {
    double bytes = (double) layers * kept * context * type.bytes();
    return bytes > ABSURD ? ABSURD : layers * kept * context * type.bytes();
  }

  /**
   * Bytes of what else a sequence needs: angles and logits; activations of a batch, and half as
   * much for their f16 twins, which products with tensor cores read; a token's again as 8-bit
   * codes; partial sums of products.
   */
  public long scratch(int context) {
    if (context <= 0) {
      return 0;
    }
    long batch = Math.min(BATCH, context) * activations;
    return Float.BYTES
        * ((long) context * rotated + vocabulary + batch + batch / 2 + 2 * activations + SUMS);
  }
}

package io.foregate.model.reader;

import io.foregate.error.ForegateException;
import io.foregate.gguf.MetadataKey;
import io.foregate.model.AttentionConfig;
import io.foregate.model.LatentConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.MoeConfig;
import io.foregate.model.Trait;

/**
 * The sizes of the arrays that a forward pass works with, in elements. Each is a product of numbers
 * that a file claims, and each of those may be right by itself; an array has 2^31 elements at most,
 * and a product beyond that would come out as any number. Checked when a model's configuration is
 * read, so that whatever is made of it later may multiply without a thought.
 */
final class BufferSizes {
  /** What the virtual machine allows an array to have. */
  static final long MAX_ELEMENTS = Integer.MAX_VALUE - 8;

  /** Tokens of the largest batch of any backend. */
  static final int MAX_TOKENS = 512;

  /** Hidden elements of a batch, up to which batches of wide layers have fewer tokens. */
  private static final long HIDDEN_ELEMENTS = 4 << 20;

  /** Batches never have fewer than so many tokens. */
  private static final int MIN_TOKENS = 32;

  /** Rows that are added at most to each expert's, to fill what is multiplied at once. */
  private static final int MAX_PADDING = 16;

  private final ConfigValues values;

  BufferSizes(ConfigValues values) {
    this.values = values;
  }

  /**
   * Refuses a model that needs an array which cannot be.
   *
   * @throws ForegateException with the key that is to blame, what it says, and the limit
   */
  void check(ModelConfig config) {
    AttentionConfig attention = config.attention();
    long heads = attention.heads();
    long widest = Math.max(attention.keySize(), attention.valueSize());
    if (attention.latent().isPresent()) {
      LatentConfig latent = attention.latent().get();
      widest = Math.max(widest, Math.max(latent.querySize(), latent.valueSize()));
      long part = Math.max(latent.querySize(), latent.valueSize());
      require(MetadataKey.LATENT_RANK, latent.rank(), latent.rank() * part, MAX_ELEMENTS);
    }
    long gated = config.family().has(Trait.OUTPUT_GATE) ? 2 : 1;
    require(MetadataKey.HEADS, heads, gated * heads * widest, MAX_ELEMENTS / MAX_TOKENS);
    require(
        MetadataKey.EMBEDDING, config.embedding(), config.embedding(), MAX_ELEMENTS / MAX_TOKENS);
    require(
        MetadataKey.TOKENS, config.vocabulary(), config.vocabulary(), MAX_ELEMENTS / MIN_TOKENS);
    dense(MetadataKey.FEED_FORWARD, config.feedForward());
    if (config.isMoe()) {
      moe(config);
    }
  }

  /** The same of a delta net, before sizes are multiplied. */
  void checkDeltaNet(long keyHeads, long valueHeads, long headSize, long kernel) {
    long inputs = 2 * (keyHeads + valueHeads) * headSize;
    MetadataKey key = MetadataKey.DELTA_HEAD;
    require(key, headSize, inputs, MAX_ELEMENTS / MAX_TOKENS);
    require(key, headSize, valueHeads * headSize * headSize, MAX_ELEMENTS);
    require(MetadataKey.DELTA_KERNEL, kernel, kernel * inputs, MAX_ELEMENTS);
  }

  private void moe(ModelConfig config) {
    MoeConfig moe = config.moe();
    dense(MetadataKey.EXPERT_WIDTH, moe.feedForward());
    dense(MetadataKey.SHARED_WIDTH, moe.sharedFeedForward());
    long picks = (long) MAX_TOKENS * moe.used();
    long width = config.embedding();
    require(MetadataKey.EXPERTS_USED, moe.used(), moe.used() * width, MAX_ELEMENTS / MAX_TOKENS);
    long padded = picks + Math.min(moe.experts(), picks) * MAX_PADDING;
    long rows =
        Math.max(MAX_TOKENS, Math.min(padded, HIDDEN_ELEMENTS / Math.max(1, moe.feedForward())));
    require(MetadataKey.EXPERTS, moe.experts(), rows * width, MAX_ELEMENTS);
    long scores = (long) moe.experts() * config.layers();
    require(MetadataKey.EXPERTS, moe.experts(), scores, MAX_ELEMENTS);
  }

  private void dense(MetadataKey key, long width) {
    require(key, width, width, MAX_ELEMENTS / MIN_TOKENS);
  }

  private void require(MetadataKey key, long found, long elements, long most) {
    values.check(
        elements <= most,
        key,
        found,
        "less: it asks for buffers of %,d elements, at most %,d can be".formatted(elements, most));
  }
}

package io.foregate.model;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;

/**
 * Reads a {@link ModelConfig} from the metadata that llama.cpp's converters write (the keys of
 * ggml's docs/gguf.md), and checks that the numbers fit each other.
 */
public final class ModelConfigReader {
  private static final int MOST_WIDTH = 1 << 24;

  private final ConfigValues values;
  private final Family family;

  private ModelConfigReader(GgufFile file) {
    this.values = new ConfigValues(file);
    this.family = Families.of(values.architecture(), file.path().toString());
  }

  /**
   * The configuration of a model.
   *
   * @throws ForegateException when the architecture is not supported, or a value is missing,
   *     absurd, or contradicts another
   */
  public static ModelConfig read(GgufFile file) {
    return new ModelConfigReader(file).read();
  }

  private ModelConfig read() {
    GgufFile file = values.file();
    int layers = values.positive("block_count", 1 << 12);
    int embedding = values.positive("embedding_length", 1 << 20);
    int context = values.positive("context_length", Integer.MAX_VALUE);
    int feedForward = values.positive("feed_forward_length", MOST_WIDTH);
    RopeFacts rope = new RopeReader(values).read(family, headSize(embedding), context);
    AttentionFacts attention = attention(embedding, rope);
    return new ModelConfig(
        file.metadata().string("general.name", file.path().getFileName().toString()),
        family,
        layers,
        embedding,
        attention,
        feedForward,
        mixture(feedForward, layers),
        vocabulary(),
        context,
        epsilon(),
        rope,
        scales());
  }

  private int headSize(int embedding) {
    if (family.has(Trait.LATENT_ATTENTION)) {
      return new LatentFactsReader(values).headSize();
    }
    int size = values.positive("attention.key_length", 1 << 16, embedding / heads());
    values.check(size > 0 && size % 2 == 0, "attention.key_length", size, "even, above 0");
    return size;
  }

  private int heads() {
    return values.positive("attention.head_count", 1 << 16);
  }

  private AttentionFacts attention(int embedding, RopeFacts rope) {
    if (family.has(Trait.LATENT_ATTENTION)) {
      return new LatentFactsReader(values).read(rope);
    }
    int heads = heads();
    int kvHeads = values.positive("attention.head_count_kv", heads, heads);
    values.check(heads % kvHeads == 0, "attention.head_count_kv", kvHeads, "a divisor of " + heads);
    int headSize = headSize(embedding);
    int valueSize = values.positive("attention.value_length", 1 << 16, headSize);
    values.check(
        valueSize == headSize, "attention.value_length", valueSize, "the key's " + headSize);
    float scale = values.real("attention.scale", 0);
    return new AttentionFacts(
        heads,
        kvHeads,
        headSize,
        valueSize,
        scale == 0 ? (float) (1 / Math.sqrt(headSize)) : scale,
        window());
  }

  private SlidingWindow window() {
    if (!family.has(Trait.ALTERNATING_WINDOW)) {
      return SlidingWindow.NONE;
    }
    return new SlidingWindow(values.positive("attention.sliding_window", Integer.MAX_VALUE), 2);
  }

  private Mixture mixture(int feedForward, int layers) {
    int experts = values.count("expert_count", 1 << 16);
    if (experts == 0) {
      return Mixture.NONE;
    }
    int used = values.positive("expert_used_count", experts);
    int width = values.positive("expert_feed_forward_length", MOST_WIDTH, feedForward);
    return new Mixture(
        experts,
        used,
        width,
        family.has(Trait.SHARED_EXPERT) ? sharedWidth(width, feedForward) : 0,
        values.count("leading_dense_block_count", layers - 1),
        router(experts, used));
  }

  /** Some files give a width, some a number of experts, some neither. */
  private int sharedWidth(int expertWidth, int feedForward) {
    int width = values.count("expert_shared_feed_forward_length", MOST_WIDTH);
    if (width > 0) {
      return width;
    }
    int count = values.count("expert_shared_count", 1 << 10);
    return count > 0 || !family.has(Trait.SHARED_GATE) ? count * expertWidth : feedForward;
  }

  private RouterFacts router(int experts, int used) {
    RouterFacts facts = family.router();
    int groups = Math.max(1, values.count("expert_group_count", experts));
    values.check(experts % groups == 0, "expert_group_count", groups, "a divisor of " + experts);
    int groupsUsed = groups == 1 ? 1 : values.positive("expert_group_used_count", groups);
    int reachable = experts / groups * groupsUsed;
    values.check(
        used <= reachable,
        "expert_used_count",
        used,
        "at most the %d experts of %d groups".formatted(reachable, groupsUsed));
    float scale = values.real("expert_weights_scale", 0);
    return new RouterFacts(
        score(facts.score()),
        values.flag("expert_weights_norm", facts.renormalized()),
        scale == 0 ? 1 : scale,
        groups,
        groupsUsed);
  }

  /** By the numbers that llama.cpp gives to gating functions; 0 leaves it to the family. */
  private RouterScore score(RouterScore fallback) {
    int function = values.count("expert_gating_func", 3);
    return switch (function) {
      case 1 -> RouterScore.SOFTMAX;
      case 2 -> RouterScore.SIGMOID;
      case 3 -> RouterScore.SOFTMAX_OF_PICKED;
      default -> fallback;
    };
  }

  private float epsilon() {
    String name = "attention.layer_norm_rms_epsilon";
    float epsilon = values.real(name);
    values.check(epsilon >= 0 && epsilon < 1, name, epsilon, "0 to 1");
    return epsilon;
  }

  /** Granite's; the logits are divided by what its files call their scale. */
  private Scales scales() {
    return new Scales(
        values.positiveReal("embedding_scale", 1),
        values.positiveReal("residual_scale", 1),
        1 / values.positiveReal("logit_scale", 1));
  }

  /** The embedding table tells it; the metadata's own count is optional. */
  private int vocabulary() {
    GgufTensor embedding = values.file().tensor("token_embd.weight");
    long rows = embedding.dim(1);
    int tokens = values.positive("vocab_size", 1 << 24, Math.toIntExact(Math.min(rows, 1 << 24)));
    values.check(tokens == rows, "vocab_size", tokens, "the embedding's " + rows + " rows");
    return tokens;
  }
}

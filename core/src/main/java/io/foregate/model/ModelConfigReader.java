package io.foregate.model;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.GgufTensor;
import java.util.Optional;

/**
 * Reads a {@link ModelConfig} from the metadata that llama.cpp's converters write (the keys of
 * ggml's docs/gguf.md), and checks that the numbers fit each other.
 */
public final class ModelConfigReader {
  static final String ROPE_FACTORS = "rope_freqs.weight";

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String architecture;

  private ModelConfigReader(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
    this.architecture = metadata.string("general.architecture");
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
    Family family = Family.of(architecture, file.path().toString());
    int embedding = positive("embedding_length", 1 << 20);
    int heads = positive("attention.head_count", 1 << 16);
    int kvHeads = positiveOr("attention.head_count_kv", heads);
    check(heads % kvHeads == 0, "attention.head_count_kv", kvHeads, "a divisor of " + heads);
    int headSize = metadata.integer(key("attention.key_length"), embedding / heads);
    check(headSize > 0 && headSize % 2 == 0, "attention.key_length", headSize, "even, above 0");
    int valueSize = metadata.integer(key("attention.value_length"), headSize);
    check(valueSize == headSize, "attention.value_length", valueSize, "the key's " + headSize);
    int experts = metadata.integer(key("expert_count"), 0);
    check(experts >= 0 && experts <= 1 << 16, "expert_count", experts, "0 to 65536");
    int expertsUsed = experts == 0 ? 0 : positive("expert_used_count", experts);
    return new ModelConfig(
        metadata.string("general.name", file.path().getFileName().toString()),
        family,
        positive("block_count", 1 << 12),
        embedding,
        heads,
        kvHeads,
        headSize,
        positive("feed_forward_length", 1 << 24),
        experts,
        expertsUsed,
        vocabulary(),
        positive("context_length", Integer.MAX_VALUE),
        epsilon(),
        rope(family, headSize));
  }

  private float epsilon() {
    float epsilon = metadata.real(key("attention.layer_norm_rms_epsilon"));
    check(epsilon >= 0 && epsilon < 1, "attention.layer_norm_rms_epsilon", epsilon, "0 to 1");
    return epsilon;
  }

  /** The embedding table tells it; the metadata's own count is optional. */
  private int vocabulary() {
    GgufTensor embedding = file.tensor("token_embd.weight");
    long rows = embedding.dim(1);
    int tokens = metadata.integer(key("vocab_size"), Math.toIntExact(Math.min(rows, 1 << 24)));
    check(tokens == rows, "vocab_size", tokens, "the embedding's " + rows + " rows");
    return tokens;
  }

  private RopeFacts rope(Family family, int headSize) {
    int dimensions = metadata.integer(key("rope.dimension_count"), headSize);
    check(
        dimensions > 0 && dimensions % 2 == 0 && dimensions <= headSize,
        "rope.dimension_count",
        dimensions,
        "even, at most the head's " + headSize);
    float base = metadata.real(key("rope.freq_base"), 10_000f);
    check(base > 0 && Float.isFinite(base), "rope.freq_base", base, "a finite number above 0");
    return new RopeFacts(family.rope(), dimensions, base, ropeScale(), ropeFactors(dimensions));
  }

  private float ropeScale() {
    String type = metadata.string(key("rope.scaling.type"), "none");
    float factor = metadata.real(key("rope.scaling.factor"), 1f);
    return switch (type) {
      case "none" -> 1f;
      case "linear" -> {
        check(factor > 0, "rope.scaling.factor", factor, "above 0");
        yield 1f / factor;
      }
      default ->
          throw new ForegateException(
              "%s: RoPE scaling '%s' is not supported.".formatted(file.path(), type),
              "Supported: none, linear, and Llama 3's frequency factors.");
    };
  }

  private float[] ropeFactors(int dimensions) {
    Optional<GgufTensor> tensor = file.find(ROPE_FACTORS);
    if (tensor.isEmpty()) {
      return new float[0];
    }
    float[] factors = ModelReader.floats(file, tensor.get());
    check(factors.length == dimensions / 2, ROPE_FACTORS, factors.length, dimensions / 2);
    return factors;
  }

  private int positive(String name, int limit) {
    int value = metadata.integer(key(name));
    check(value > 0 && value <= limit, name, value, "1 to " + limit);
    return value;
  }

  private int positiveOr(String name, int fallback) {
    return metadata.contains(key(name)) ? positive(name, fallback) : fallback;
  }

  private void check(boolean holds, String name, Object found, Object expected) {
    if (!holds) {
      throw new ForegateException(
          "%s: '%s' is %s, expected %s.".formatted(file.path(), key(name), found, expected),
          "The model's metadata is damaged or unusual: convert it again, or get another copy.");
    }
  }

  private String key(String name) {
    return name.equals(ROPE_FACTORS) ? name : architecture + "." + name;
  }
}

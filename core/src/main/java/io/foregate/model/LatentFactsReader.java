package io.foregate.model;

import io.foregate.error.ForegateException;

/**
 * Reads the {@link AttentionFacts} of multi-head latent attention. Files come in two forms: older
 * ones give the sizes of the heads that the model was trained with; newer ones give the sizes of
 * the products with the latent, and the heads' sizes under {@code key_length_mla} and {@code
 * value_length_mla}.
 */
final class LatentFactsReader {
  private static final String KEY_LENGTH = "attention.key_length";
  private static final String VALUE_LENGTH = "attention.value_length";
  private static final String SUFFIX = "_mla";
  private static final int MOST_HEAD = 1 << 16;
  private static final int MOST_RANK = 1 << 20;

  private final ConfigValues values;

  LatentFactsReader(ConfigValues values) {
    this.values = values;
  }

  /** Elements of one head of a query or key, rotated ones included: what RoPE has to fit into. */
  int headSize() {
    String name = KEY_LENGTH + suffix();
    int size = values.positive(name, MOST_HEAD);
    values.check(size > 1, name, size, "above 1: a part that is rotated and one that is not");
    return size;
  }

  AttentionFacts read(RopeFacts rope) {
    requireNoTemperature();
    int heads = values.positive("attention.head_count", 1 << 16);
    int headSize = headSize();
    int rotated = rope.dimensions();
    values.check(rotated < headSize, "rope.dimension_count", rotated, "below " + headSize);
    int rank = values.positive("attention.kv_lora_rank", MOST_RANK);
    var latent =
        new LatentFacts(
            values.count("attention.q_lora_rank", MOST_RANK),
            rank,
            headSize - rotated,
            rotated,
            values.positive(VALUE_LENGTH + suffix(), MOST_HEAD));
    if (isNewForm()) {
      requireEqual("attention.head_count_kv", 1);
      requireEqual(KEY_LENGTH, rank + rotated);
      requireEqual(VALUE_LENGTH, rank);
    }
    return AttentionFacts.latent(heads, latent, scale(rope, headSize));
  }

  private boolean isNewForm() {
    return values.has(KEY_LENGTH + SUFFIX) || values.has(VALUE_LENGTH + SUFFIX);
  }

  private String suffix() {
    return isNewForm() ? SUFFIX : "";
  }

  private void requireEqual(String name, int expected) {
    int value = values.positive(name, Integer.MAX_VALUE, expected);
    values.check(value == expected, name, value, expected);
  }

  /** Mistral Large's way to scale queries by their position. */
  private void requireNoTemperature() {
    if (values.real("attention.temperature_scale", 0) != 0) {
      throw new ForegateException(
          "%s: queries that are scaled by their position ('%s.attention.temperature_scale') are not supported."
              .formatted(values.file().path(), values.architecture()),
          "This variant of the architecture does not run.");
    }
  }

  /**
   * {@code temperature^2 / sqrt(head size)}: YaRN's temperature is that of scores of whole heads,
   * of which RoPE sees only a part.
   */
  private float scale(RopeFacts rope, int headSize) {
    double temperature = values.positiveReal(RopeReader.ATTENTION_FACTOR, 1);
    if (rope.yarn().isPresent()) {
      double multiplier = values.real(RopeReader.LOG_MULTIPLIER, 0);
      double growth = (multiplier == 0 ? 0.1 : multiplier) * Math.log(1 / rope.scale());
      temperature *= 1 + growth;
    }
    return (float) (temperature * temperature / Math.sqrt(headSize));
  }
}

package io.foregate.model.reader;

import io.foregate.gguf.MetadataKey;
import io.foregate.model.AttentionConfig;
import io.foregate.model.LatentConfig;
import io.foregate.model.RopeConfig;

/**
 * Reads the {@link AttentionConfig} of multi-head latent attention. Files come in two forms: older
 * ones give the sizes of the heads that the model was trained with; newer ones give the sizes of
 * the products with the latent, and the heads' sizes under {@code key_length_mla} and {@code
 * value_length_mla}.
 */
final class LatentConfigReader {
  private static final int MAX_HEAD = 1 << 16;
  private static final int MAX_RANK = 1 << 20;

  /** Vocabulary of Kanana-2, the third of the small models below. */
  private static final int KANANA_TOKENS = 128_256;

  private final ConfigValues values;
  private final int heads;
  private final int usualSize;

  LatentConfigReader(ConfigValues values, int heads, int embedding) {
    this.values = values;
    this.heads = heads;
    this.usualSize = embedding / heads;
  }

  /** Elements of one head of a query or key, rotated ones included: what RoPE has to fit into. */
  int headSize() {
    MetadataKey key = isNewForm() ? MetadataKey.KEY_LENGTH_MLA : MetadataKey.KEY_LENGTH;
    int size =
        isNewForm() ? values.positive(key, MAX_HEAD) : values.positive(key, MAX_HEAD, usualSize);
    values.check(size > 1, key, size, "above 1: a part that is rotated and one that is not");
    return size;
  }

  /**
   * @param layers that run
   * @param vocabulary tokens
   */
  AttentionConfig read(RopeConfig rope, int layers, int vocabulary) {
    // Mistral Large's way to scale queries by their position.
    float temperature = values.real(MetadataKey.TEMPERATURE_SCALE);
    values.requireSupported(
        temperature == 0,
        MetadataKey.TEMPERATURE_SCALE,
        temperature,
        "queries that are scaled by their position");
    int headSize = headSize();
    int rotated = rope.dimensions();
    values.check(rotated < headSize, MetadataKey.ROPE_DIMENSIONS, rotated, "below " + headSize);
    int rank = values.positive(MetadataKey.LATENT_RANK, MAX_RANK);
    var latent =
        new LatentConfig(
            isSmall(layers, vocabulary) ? 0 : values.count(MetadataKey.QUERY_RANK, MAX_RANK),
            rank,
            headSize - rotated,
            rotated,
            valueSize());
    if (isNewForm()) {
      requireEqual(MetadataKey.KV_HEADS, 1, layers);
      requireEqual(MetadataKey.KEY_LENGTH, rank + rotated, layers);
    }
    return AttentionConfig.latent(heads, latent, scale(rope, headSize));
  }

  /** Models of this family that have no queries of low rank, whatever their files say. */
  private static boolean isSmall(int layers, int vocabulary) {
    return layers == 26 || layers == 27 || (layers == 48 && vocabulary == KANANA_TOKENS);
  }

  private int valueSize() {
    return isNewForm()
        ? values.positive(MetadataKey.VALUE_LENGTH_MLA, MAX_HEAD)
        : values.positive(MetadataKey.VALUE_LENGTH, MAX_HEAD, usualSize);
  }

  private boolean isNewForm() {
    return values.has(MetadataKey.KEY_LENGTH_MLA) && values.has(MetadataKey.VALUE_LENGTH_MLA);
  }

  private void requireEqual(MetadataKey key, int expected, int layers) {
    int value = values.ofLayers(key, layers, Integer.MAX_VALUE, expected);
    values.check(value == expected, key, value, expected);
  }

  /**
   * {@code temperature^2 / sqrt(head size)}: YaRN's temperature is that of scores of whole heads,
   * of which RoPE sees only a part. It grows with a linear factor, too.
   */
  private float scale(RopeConfig rope, int headSize) {
    double logFactor = Math.log(1 / rope.scale());
    double multiplier = values.real(MetadataKey.ROPE_LOG_MULTIPLIER);
    double temperature = values.positiveReal(MetadataKey.ROPE_MAGNITUDE);
    boolean isYarn = rope.yarn().isPresent();
    if (!isYarn || (multiplier == 0 && logFactor > 0)) {
      temperature *= 1 + 0.1 * logFactor;
    }
    temperature *= 1 + multiplier * logFactor;
    return (float) (temperature * temperature / Math.sqrt(headSize));
  }
}

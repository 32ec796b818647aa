package io.foregate.model.reader;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;

/** A model's metadata, checked: what a value must be, and what the file's tensors say beside it. */
final class ConfigValues {
  private static final String DAMAGED =
      "The model's metadata is damaged or unusual: convert it again, or get another copy.";

  private final GgufFile file;
  private final KnownValues values;

  ConfigValues(GgufFile file) {
    this.file = file;
    this.values = KnownValues.ofModel(file.metadata());
  }

  GgufFile file() {
    return file;
  }

  String architecture() {
    return values.architecture();
  }

  boolean has(MetadataKey key) {
    return values.has(key);
  }

  /** Whether this architecture reads a key. */
  boolean reads(MetadataKey key) {
    return key.isReadBy(architecture());
  }

  /** A whole number from 1 to {@code limit}. */
  int positive(MetadataKey key, int limit) {
    return inRange(key, values.count(key), 1, limit);
  }

  /** As {@link #positive(MetadataKey, int)}, or {@code fallback} where there is none. */
  int positive(MetadataKey key, int limit, int fallback) {
    return has(key) ? positive(key, limit) : fallback;
  }

  /** A whole number from 0 to {@code limit}. */
  int count(MetadataKey key, int limit) {
    return inRange(key, values.count(key), 0, limit);
  }

  /**
   * The number that holds for every layer, from 0 to {@code limit}. Where a file has one for each
   * layer, the first is taken, as llama.cpp does: that others are the same, the tensors' shapes
   * tell.
   *
   * @param fallback where the file has none
   */
  int ofLayers(MetadataKey key, int layers, int limit, int fallback) {
    return has(key) ? inRange(key, values.perLayer(key, layers)[0], 0, limit) : fallback;
  }

  /** As {@link #ofLayers}, and above 0. */
  int positiveOfLayers(MetadataKey key, int layers, int limit) {
    return inRange(key, values.perLayer(key, layers)[0], 1, limit);
  }

  /** A number for each layer. */
  int[] perLayer(MetadataKey key, int layers) {
    return values.perLayer(key, layers);
  }

  int[] counts(MetadataKey key) {
    return values.counts(key);
  }

  boolean isPerLayer(MetadataKey key) {
    return values.isPerLayer(key);
  }

  private int inRange(MetadataKey key, int value, int least, int most) {
    check(value >= least && value <= most, key, value, least + " to " + most);
    return value;
  }

  /** A finite number above 0. */
  float positiveReal(MetadataKey key) {
    float value = values.real(key);
    check(value > 0 && Float.isFinite(value), key, value, "a finite number above 0");
    return value;
  }

  /** A finite number above 0, or {@code fallback} where the file has 0 or none. */
  float factor(MetadataKey key, float fallback) {
    float value = values.real(key);
    check(value >= 0 && Float.isFinite(value), key, value, "a finite number of at least 0");
    return value == 0 ? fallback : value;
  }

  float real(MetadataKey key) {
    return values.real(key);
  }

  boolean flag(MetadataKey key, boolean fallback) {
    return values.flag(key, fallback);
  }

  String text(MetadataKey key) {
    return values.text(key);
  }

  String text(MetadataKey key, String fallback) {
    return values.findText(key).orElse(fallback);
  }

  /** Throws where a value asks for what does not run. */
  void requireSupported(boolean supported, MetadataKey key, Object found, String meaning) {
    if (!supported) {
      throw new ForegateException(
          "%s: '%s' is %s, which asks for %s: that is not supported."
              .formatted(file.path(), values.name(key), found, meaning),
          "This variant of the architecture does not run.");
    }
  }

  /** Throws unless it holds what was expected of a value. */
  void check(boolean holds, MetadataKey key, Object found, Object expected) {
    checkKey(holds, values.name(key), found, expected);
  }

  /** As {@link #check}, of a key or a tensor by its whole name. */
  void checkKey(boolean holds, String key, Object found, Object expected) {
    if (!holds) {
      throw new ForegateException(
          "%s: '%s' is %s, expected %s.".formatted(file.path(), key, found, expected), DAMAGED);
    }
  }
}

package io.foregate.model.reader;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.MetadataKey;
import io.foregate.model.Family;
import io.foregate.model.RopeConfig;
import io.foregate.model.Trait;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads {@link RopeConfig}. */
final class RopeReader {
  private static final String FACTORS = "rope_freqs.weight";
  private static final String SHORT_FACTORS = "rope_factors_short.weight";
  private static final String LONG_FACTORS = "rope_factors_long.weight";

  /** All of the tensors that are read here. */
  static final List<String> TENSORS = List.of(FACTORS, SHORT_FACTORS, LONG_FACTORS);

  private static final Set<String> TYPES = Set.of("none", "linear", "yarn", "longrope");
  private static final String OTHER_ROPE = "another RoPE in layers with a window";

  /** Turns within the original context; no family here reads others from its files. */
  private static final float YARN_BETA_FAST = 32;

  private static final float YARN_BETA_SLOW = 1;

  private final ConfigValues values;

  RopeReader(ConfigValues values) {
    this.values = values;
  }

  /**
   * @param headSize elements of a head that may rotate
   * @param context positions that the model was trained for
   */
  RopeConfig read(Family family, int headSize, int context) {
    int dimensions = values.positive(MetadataKey.ROPE_DIMENSIONS, headSize, headSize);
    values.check(dimensions % 2 == 0, MetadataKey.ROPE_DIMENSIONS, dimensions, "an even number");
    requirePlainSections(dimensions / 2);
    float base = values.positiveReal(MetadataKey.ROPE_BASE);
    requireSameInWindows(dimensions, base);
    String scaling = values.text(MetadataKey.ROPE_SCALING);
    if (!TYPES.contains(scaling)) {
      throw new ForegateException(
          "%s: RoPE scaling '%s' is not supported.".formatted(values.file().path(), scaling),
          "Supported: none, linear, yarn, longrope, and Llama 3's frequency factors.");
    }
    float factor = factor(family, scaling.equals("none"));
    boolean isYarn = scaling.equals("yarn");
    float magnitude = values.positiveReal(MetadataKey.ROPE_MAGNITUDE);
    // The softmax's temperature (arXiv 2309.00071, section 3.4), by halves; where a model has its
    // own multiplier, attention's scale has it all.
    if (isYarn && factor > 1 && !hasMultiplier()) {
      magnitude *= (float) (1 + 0.1 * Math.log(factor));
    }
    boolean longRope = values.file().find(LONG_FACTORS).isPresent();
    return new RopeConfig(
        family.rope(),
        dimensions,
        base,
        1 / factor,
        factors(longRope ? SHORT_FACTORS : FACTORS, dimensions, headSize),
        magnitude,
        isYarn ? Optional.of(yarn(context)) : Optional.empty(),
        longRope ? Optional.of(longContext(dimensions, headSize, context)) : Optional.empty());
  }

  /**
   * Images rotate pairs by time, height and width, which take turns (as Qwen3-VL has it); a text's
   * token has the same position in all three, so that it rotates as ever. Only a pair that belongs
   * to none of them would not rotate.
   */
  private void requirePlainSections(int pairs) {
    MetadataKey key = MetadataKey.ROPE_SECTIONS;
    if (!values.reads(key)) {
      return;
    }
    int[] sections = values.counts(key);
    String found = Arrays.toString(sections);
    long all = Arrays.stream(sections).asLongStream().sum();
    values.check(
        sections.length == 4
            && Arrays.stream(sections).allMatch(s -> s >= 0 && s <= 1 << 16)
            && sections[0] + sections[1] + sections[2] > 0,
        key,
        found,
        "four numbers of pairs, not all 0");
    for (int pair = 0; pair < pairs; pair++) {
      long sector = pair % all;
      values.requireSupported(
          sector < 3L * sections[(int) (sector % 3)], key, found, "pairs that do not rotate");
    }
  }

  /** What positions are divided by; the older key counts where the newer one is missing. */
  private float factor(Family family, boolean isUnscaled) {
    MetadataKey key =
        values.has(MetadataKey.ROPE_FACTOR)
            ? MetadataKey.ROPE_FACTOR
            : MetadataKey.ROPE_SCALE_LINEAR;
    float factor = values.factor(key, 1);
    // llama.cpp goes on scaling layers with a window, whatever the type says.
    values.requireSupported(
        !isUnscaled || factor == 1 || !family.has(Trait.ALTERNATING_WINDOW),
        key,
        factor,
        OTHER_ROPE);
    return isUnscaled ? 1 : factor;
  }

  private boolean hasMultiplier() {
    return values.reads(MetadataKey.ROPE_LOG_MULTIPLIER)
        && values.real(MetadataKey.ROPE_LOG_MULTIPLIER) != 0;
  }

  private void requireSameInWindows(int dimensions, float base) {
    if (values.has(MetadataKey.ROPE_DIMENSIONS_WINDOW)) {
      int other = values.positive(MetadataKey.ROPE_DIMENSIONS_WINDOW, Integer.MAX_VALUE);
      values.requireSupported(
          other == dimensions, MetadataKey.ROPE_DIMENSIONS_WINDOW, other, OTHER_ROPE);
    }
    if (values.has(MetadataKey.ROPE_BASE_WINDOW)) {
      float other = values.real(MetadataKey.ROPE_BASE_WINDOW);
      values.requireSupported(other == base, MetadataKey.ROPE_BASE_WINDOW, other, OTHER_ROPE);
    }
  }

  private RopeConfig.LongContext longContext(int dimensions, int headSize, int context) {
    int original = originalContext(context);
    return new RopeConfig.LongContext(original, factors(LONG_FACTORS, dimensions, headSize));
  }

  private RopeConfig.Yarn yarn(int context) {
    int original = originalContext(context);
    return new RopeConfig.Yarn(original == 0 ? context : original, YARN_BETA_FAST, YARN_BETA_SLOW);
  }

  private int originalContext(int context) {
    return values.has(MetadataKey.ROPE_ORIGINAL_CONTEXT)
        ? values.count(MetadataKey.ROPE_ORIGINAL_CONTEXT, Integer.MAX_VALUE)
        : context;
  }

  private float[] factors(String name, int dimensions, int headSize) {
    Optional<GgufTensor> tensor = values.file().find(name);
    if (tensor.isEmpty()) {
      return new float[0];
    }
    float[] factors = TensorReader.floats(values.file(), tensor.get());
    values.checkKey(
        factors.length == dimensions / 2 || factors.length == headSize / 2,
        name,
        factors.length,
        dimensions / 2 + " factors");
    return Arrays.copyOf(factors, dimensions / 2);
  }
}

package io.foregate.model;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufTensor;
import java.util.List;
import java.util.Optional;

/** Reads {@link RopeFacts}. */
final class RopeReader {
  private static final String FACTORS = "rope_freqs.weight";
  private static final String SHORT_FACTORS = "rope_factors_short.weight";
  private static final String LONG_FACTORS = "rope_factors_long.weight";

  /** All of the tensors that are read here. */
  static final List<String> TENSORS = List.of(FACTORS, SHORT_FACTORS, LONG_FACTORS);

  private static final String ORIGINAL_CONTEXT = "rope.scaling.original_context_length";

  /** By how much YaRN's temperature grows with the logarithm of the factor. */
  static final String LOG_MULTIPLIER = "rope.scaling.yarn_log_multiplier";

  static final String ATTENTION_FACTOR = "rope.scaling.attn_factor";

  private final ConfigValues values;

  RopeReader(ConfigValues values) {
    this.values = values;
  }

  /**
   * @param headSize elements of a head that may rotate
   * @param context positions that the model was trained for
   */
  RopeFacts read(Family family, int headSize, int context) {
    int dimensions = values.positive("rope.dimension_count", headSize, headSize);
    values.check(dimensions % 2 == 0, "rope.dimension_count", dimensions, "an even number");
    float base = values.positiveReal("rope.freq_base", 10_000f);
    String scaling = values.text("rope.scaling.type", "none");
    float scale = scaling.equals("none") ? 1f : 1f / values.positiveReal("rope.scaling.factor", 1f);
    Optional<RopeFacts.Yarn> yarn =
        switch (scaling) {
          case "none", "linear" -> Optional.empty();
          case "yarn" -> Optional.of(yarn(context));
          default ->
              throw new ForegateException(
                  "%s: RoPE scaling '%s' is not supported."
                      .formatted(values.file().path(), scaling),
                  "Supported: none, linear, yarn, and Llama 3's frequency factors.");
        };
    float magnitude = values.positiveReal(ATTENTION_FACTOR, 1);
    // The softmax's temperature (arXiv 2309.00071, section 3.4), by halves; where a model has its
    // own
    // multiplier, attention's scale has it all.
    if (yarn.isPresent() && values.real(LOG_MULTIPLIER, 0) == 0) {
      magnitude *= (float) (1 + 0.1 * Math.log(1 / scale));
    }
    boolean longRope = values.file().find(LONG_FACTORS).isPresent();
    return new RopeFacts(
        family.rope(),
        dimensions,
        base,
        scale,
        factors(longRope ? SHORT_FACTORS : FACTORS, dimensions),
        magnitude,
        yarn,
        longRope ? Optional.of(longContext(dimensions, context)) : Optional.empty());
  }

  private RopeFacts.LongContext longContext(int dimensions, int context) {
    int original = values.positive(ORIGINAL_CONTEXT, Integer.MAX_VALUE, context);
    return new RopeFacts.LongContext(original, factors(LONG_FACTORS, dimensions));
  }

  private RopeFacts.Yarn yarn(int context) {
    return new RopeFacts.Yarn(
        values.positive(ORIGINAL_CONTEXT, Integer.MAX_VALUE, context),
        values.positiveReal("rope.scaling.yarn_beta_fast", 32),
        values.positiveReal("rope.scaling.yarn_beta_slow", 1));
  }

  private float[] factors(String name, int dimensions) {
    Optional<GgufTensor> tensor = values.file().find(name);
    if (tensor.isEmpty()) {
      return new float[0];
    }
    float[] factors = TensorReader.floats(values.file(), tensor.get());
    values.checkKey(
        factors.length == dimensions / 2, name, factors.length, dimensions / 2 + " factors");
    return factors;
  }
}

package io.foregate.model;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufTensor;
import java.util.Optional;

/** Reads {@link RopeFacts}. */
final class RopeReader {
  static final String FACTORS = "rope_freqs.weight";

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
          case "yarn" -> Optional.of(yarn(scale, context));
          default ->
              throw new ForegateException(
                  "%s: RoPE scaling '%s' is not supported."
                      .formatted(values.file().path(), scaling),
                  "Supported: none, linear, yarn, and Llama 3's frequency factors.");
        };
    return new RopeFacts(family.rope(), dimensions, base, scale, factors(dimensions), yarn);
  }

  private RopeFacts.Yarn yarn(float scale, int context) {
    int original =
        values.positive("rope.scaling.original_context_length", Integer.MAX_VALUE, context);
    // The attention's temperature of YaRN (arXiv 2309.00071, equation 22), on queries and on keys.
    double temperature = 1 + 0.1 * Math.log(1 / scale);
    return new RopeFacts.Yarn(
        original,
        values.positiveReal("rope.scaling.yarn_beta_fast", 32),
        values.positiveReal("rope.scaling.yarn_beta_slow", 1),
        (float) (temperature * values.positiveReal("rope.scaling.attn_factor", 1)));
  }

  private float[] factors(int dimensions) {
    Optional<GgufTensor> tensor = values.file().find(FACTORS);
    if (tensor.isEmpty()) {
      return new float[0];
    }
    float[] factors = TensorReader.floats(values.file(), tensor.get());
    values.checkKey(
        factors.length == dimensions / 2, FACTORS, factors.length, dimensions / 2 + " factors");
    return factors;
  }
}

package io.foregate.convert.family;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.convert.source.HfConfig;
import io.foregate.gguf.GgufValue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Rotary position embedding: metadata, and the tensors of factors that some scalings need. Reads
 * both spellings of a configuration: {@code rope_parameters}, and {@code rope_scaling} beside
 * {@code rope_theta}.
 */
public final class RopeKeys {
  private static final String LLAMA3 = "llama3";

  private final HfConfig config;
  private final Map<String, GgufValue> keys = new LinkedHashMap<>();
  private final Map<String, float[]> tensors = new LinkedHashMap<>();

  private RopeKeys(HfConfig config) {
    this.config = config;
  }

  /**
   * Reads the configuration of a family.
   *
   * @throws io.foregate.error.ForegateException for a scaling that readers of the family's GGUF
   *     files do not know
   */
  public static RopeKeys of(HfConfig config, HfFamily family) {
    var rope = new RopeKeys(config);
    rope.read(family);
    return rope;
  }

  /** Keys behind the architecture's prefix. */
  public Map<String, GgufValue> keys() {
    return keys;
  }

  /** Names and values of vectors. */
  public Map<String, float[]> tensors() {
    return tensors;
  }

  private void read(HfFamily family) {
    String type = text("rope_type", "type").orElse("default");
    if (!family.ropeTypes().contains(type)) {
      throw config.wrong(
          "rope_scaling", find("rope_type", "type").orElseThrow(), "one of " + family.ropeTypes());
    }
    theta().ifPresent(theta -> keys.put("rope.freq_base", KeyRule.f32(theta)));
    switch (type) {
      case "linear" -> {
        keys.put("rope.scaling.type", new GgufValue.Str("linear"));
        keys.put("rope.scaling.factor", KeyRule.f32(required("factor")));
      }
      case "yarn" -> yarn();
      case LLAMA3 -> tensors.put("rope_freqs.weight", llama3());
      case "longrope", "su" -> longRope();
      default -> {}
    }
  }

  private OptionalDouble theta() {
    // What is said anywhere is asked for before what a class fills in.
    return config.real("rope_parameters.rope_theta", "rope_scaling.rope_theta", "rope_theta");
  }

  private void yarn() {
    keys.put("rope.scaling.type", new GgufValue.Str("yarn"));
    keys.put("rope.scaling.factor", KeyRule.f32(required("factor")));
    keys.put(
        "rope.scaling.original_context_length",
        KeyRule.u32((long) required("original_max_position_embeddings")));
    put("rope.scaling.yarn_ext_factor", "extrapolation_factor");
    put("rope.scaling.yarn_attn_factor", "attention_factor", "attn_factor");
    put("rope.scaling.yarn_beta_fast", "beta_fast");
    put("rope.scaling.yarn_beta_slow", "beta_slow");
    // DeepSeek's: llama.cpp's reader of deepseek2 expects a tenth of it.
    OptionalDouble mscale = real("mscale_all_dim");
    if (mscale.isPresent() && config.integer("kv_lora_rank").isPresent()) {
      keys.put("rope.scaling.yarn_log_multiplier", KeyRule.f32(0.1 * mscale.getAsDouble()));
    }
  }

  /** Llama 3.1's scaling: what each frequency is divided by, smooth between two wavelengths. */
  private float[] llama3() {
    double base = theta().orElse(10_000);
    long size = config.headSize();
    double factor = required("factor");
    double low = required("low_freq_factor");
    double high = required("high_freq_factor");
    double context = required("original_max_position_embeddings");
    var factors = new float[Math.toIntExact(size / 2)];
    for (int i = 0; i < factors.length; i++) {
      double wavelength = 2 * Math.PI * Math.pow(base, 2.0 * i / size);
      double smooth = Math.clamp((context / wavelength - low) / (high - low), 0, 1);
      factors[i] = (float) (1 / ((1 - smooth) / factor + smooth));
    }
    return factors;
  }

  /** Phi's scaling: a factor for each frequency, of short and of long texts. */
  private void longRope() {
    double context = config.size("max_position_embeddings");
    double original =
        real("original_max_position_embeddings")
            .orElseGet(() -> config.size("original_max_position_embeddings"));
    keys.put("rope.scaling.original_context_length", KeyRule.u32((long) original));
    double scale = context / original;
    double attention = scale > 1 ? Math.sqrt(1 + Math.log(scale) / Math.log(original)) : 1;
    keys.put("rope.scaling.attn_factor", KeyRule.f32(attention));
    tensors.put("rope_factors_long.weight", factors("long_factor"));
    tensors.put("rope_factors_short.weight", factors("short_factor"));
  }

  private float[] factors(String name) {
    JsonNode list = find(name).orElseThrow(() -> config.missing("rope_scaling." + name));
    long expected = config.headSize() / 2;
    if (!list.isArray() || list.size() != expected) {
      throw config.wrong("rope_scaling." + name, list, expected + " numbers");
    }
    var values = new float[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) list.get(i).asDouble();
    }
    return values;
  }

  private void put(String key, String... fields) {
    OptionalDouble value = real(fields);
    if (value.isPresent()) {
      keys.put(key, KeyRule.f32(value.getAsDouble()));
    }
  }

  private double required(String field) {
    return real(field).orElseThrow(() -> config.missing("rope_scaling." + field));
  }

  private Optional<JsonNode> find(String... fields) {
    return config.find(places(fields));
  }

  private OptionalDouble real(String... fields) {
    return config.real(places(fields));
  }

  private Optional<String> text(String... fields) {
    return config.text(places(fields));
  }

  private static String[] places(String... fields) {
    var places = new String[2 * fields.length];
    for (int i = 0; i < fields.length; i++) {
      places[2 * i] = "rope_parameters." + fields[i];
      places[2 * i + 1] = "rope_scaling." + fields[i];
    }
    return places;
  }
}

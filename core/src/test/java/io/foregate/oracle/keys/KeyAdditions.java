package io.foregate.oracle.keys;

import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import io.foregate.oracle.TinyArchitecture;
import io.foregate.oracle.TinyLatent;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyVocabulary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Metadata and tensors that are added to {@link KeyCases}' models, whether they have them or not.
 */
final class KeyAdditions {
  private KeyAdditions() {}

  /** By a name, keys without the architecture. */
  static Map<String, Map<String, GgufValue>> all() {
    var all = new LinkedHashMap<String, Map<String, GgufValue>>();
    rope(all);
    attention(all);
    experts(all);
    rest(all);
    return all;
  }

  private static void rope(Map<String, Map<String, GgufValue>> all) {
    all.put("rope.scale_linear", Map.of("rope.scale_linear", real(4)));
    all.put("rope.factor", Map.of("rope.scaling.factor", real(4)));
    all.put("rope.factor-zero", Map.of("rope.scaling.factor", real(0)));
    all.put(
        "rope.factor-and-scale_linear",
        Map.of("rope.scaling.factor", real(2), "rope.scale_linear", real(4)));
    for (String type : List.of("none", "linear", "yarn", "longrope")) {
      all.put("rope.type-" + type, Map.of("rope.scaling.type", text(type)));
      all.put(
          "rope.factor-" + type,
          Map.of("rope.scaling.type", text(type), "rope.scaling.factor", real(4)));
      all.put(
          "rope.scale_linear-" + type,
          Map.of("rope.scaling.type", text(type), "rope.scale_linear", real(4)));
    }
    all.put("rope.type-dynamic", Map.of("rope.scaling.type", text("dynamic")));
    Map<String, GgufValue> yarn =
        Map.of("rope.scaling.type", text("yarn"), "rope.scaling.factor", real(4));
    Map<String, GgufValue> keys = new LinkedHashMap<>();
    keys.put("rope.scaling.original_context_length", count(32));
    keys.put("rope.scaling.attn_factor", real(1.3f));
    keys.put("rope.scaling.yarn_log_multiplier", real(0.0707f));
    keys.put("rope.scaling.yarn_ext_factor", real(0.5f));
    keys.put("rope.scaling.yarn_attn_factor", real(1.3f));
    keys.put("rope.scaling.yarn_beta_fast", real(16));
    keys.put("rope.scaling.yarn_beta_slow", real(2));
    keys.put("rope.scaling.finetuned", new GgufValue.Bool(true));
    keys.put("rope.scaling.alpha", real(2));
    keys.put("rope.freq_base_swa", real(500));
    keys.forEach(
        (key, value) -> {
          all.put(key, Map.of(key, value));
          var both = new LinkedHashMap<>(yarn);
          both.put(key, value);
          all.put(key + "-yarn", both);
        });
    all.put("rope.dimension_count_swa", Map.of("rope.dimension_count_swa", count(32)));
    all.put(
        "rope.dimension_sections",
        Map.of("rope.dimension_sections", GgufArray.ofInts(new int[] {4, 4, 4, 0})));
  }

  private static void attention(Map<String, Map<String, GgufValue>> all) {
    single(all, "attention.causal", new GgufValue.Bool(false));
    single(all, "attention.scale", real(0.2f));
    single(all, "attention.sliding_window", count(20));
    single(all, "attention.sliding_window_pattern", count(2));
    all.put(
        "attention.windows",
        Map.of(
            "attention.sliding_window", count(20), "attention.sliding_window_pattern", count(1)));
    single(all, "attention.clamp_kqv", real(0.5f));
    single(all, "attention.max_alibi_bias", real(8));
    single(all, "attention.layer_norm_epsilon", real(0.1f));
    single(all, "attention.temperature_scale", real(0.5f));
    all.put(
        "attention.temperature",
        Map.of(
            "attention.temperature_scale", real(0.5f), "attention.temperature_length", count(8)));
    single(all, "attention.temperature_length", count(8));
    single(all, "attention.output_scale", real(0.5f));
    single(all, "attention.value_scale", real(0.5f));
    single(all, "attention.key_length_swa", count(32));
    single(all, "attention.value_length_swa", count(32));
    single(all, "attention.key_length_mla", count(64));
    single(all, "attention.q_lora_rank", count(64));
    single(all, "attention.kv_lora_rank", count(64));
    single(all, "attention.shared_kv_layers", count(1));
    single(all, "attn_logit_softcapping", real(20));
    single(all, "final_logit_softcapping", real(2));
    single(all, "router_logit_softcapping", real(2));
  }

  private static void experts(Map<String, Map<String, GgufValue>> all) {
    for (float scale : new float[] {0, 0.5f, 1, 2.5f}) {
      all.put("expert_weights_scale-" + scale, Map.of("expert_weights_scale", real(scale)));
    }
    for (boolean norm : new boolean[] {false, true}) {
      all.put(
          "expert_weights_norm-" + norm, Map.of("expert_weights_norm", new GgufValue.Bool(norm)));
    }
    for (int function = 0; function <= 4; function++) {
      all.put("expert_gating_func-" + function, Map.of("expert_gating_func", count(function)));
    }
    all.put("expert_shared_count-2", Map.of("expert_shared_count", count(2)));
    all.put("expert_shared_width", Map.of("expert_shared_feed_forward_length", count(64)));
    all.put("expert_shared_width-0", Map.of("expert_shared_feed_forward_length", count(0)));
    all.put("expert_width-16", Map.of("expert_feed_forward_length", count(16)));
    all.put("expert_width-0", Map.of("expert_feed_forward_length", count(0)));
    all.put(
        "expert_groups",
        Map.of("expert_group_count", count(2), "expert_group_used_count", count(1)));
    all.put("expert_group_count", Map.of("expert_group_count", count(2)));
    all.put("expert_group_used_count", Map.of("expert_group_used_count", count(1)));
    all.put("leading_dense-1", Map.of("leading_dense_block_count", count(1)));
    all.put("interleave_moe_layer_step", Map.of("interleave_moe_layer_step", count(2)));
    all.put("moe_every_n_layers", Map.of("moe_every_n_layers", count(2)));
    all.put("experts_per_group", Map.of("experts_per_group", count(2)));
    all.put("expert_group_scale", Map.of("expert_group_scale", real(0.5f)));
    all.put("no-experts", Map.of("expert_count", count(0), "expert_used_count", count(0)));
    all.put("expert_count-0", Map.of("expert_count", count(0)));
    all.put("expert_count-1", Map.of("expert_count", count(1), "expert_used_count", count(1)));
    all.put("expert_count-4", Map.of("expert_count", count(4), "expert_used_count", count(2)));
    single(all, "swiglu_clamp_exp", GgufArray.ofFloats(new float[] {0.5f, 0.5f}));
    single(all, "swiglu_clamp_shexp", GgufArray.ofFloats(new float[] {0.5f, 0.5f}));
  }

  private static void rest(Map<String, Map<String, GgufValue>> all) {
    single(all, "embedding_scale", real(2));
    single(all, "residual_scale", real(0.5f));
    single(all, "logit_scale", real(0.5f));
    all.put("embedding_scale-0", Map.of("embedding_scale", real(0)));
    all.put("residual_scale-0", Map.of("residual_scale", real(0)));
    all.put("attention.scale-0", Map.of("attention.scale", real(0)));
    single(all, "use_parallel_residual", new GgufValue.Bool(true));
    single(all, "tensor_data_layout", text("Meta AI original pth"));
    single(all, "pooling_type", count(1));
    single(all, "embedding_length_out", count(128));
    single(all, "nextn_predict_layers", count(1));
    single(all, "swin_norm", new GgufValue.Bool(true));
    single(all, "rescale_every_n_layers", count(1));
    single(all, "full_attention_interval", count(2));
    single(all, "hidden_activation", text("gelu"));
    single(all, "decoder_start_token_id", count(1));
    single(all, "num_loops", count(2));
    single(all, "some_key_of_nobody", text("nothing"));
    all.put("vocab_size-less", Map.of("vocab_size", count(TinyVocabulary.SIZE - 1)));
    all.put("vocab_size-more", Map.of("vocab_size", count(TinyVocabulary.SIZE + 1)));
  }

  /** Widths that contradict each other, or of which only one is there. */
  static List<KeyCase> widths(TinyModel base, String prefix) {
    List<KeyCase> cases = new ArrayList<>();
    int width = base.feedForward().width();
    int used = Math.max(1, base.feedForward().used());
    for (Map.Entry<String, Integer> other :
        Map.of("0", 0, "width", width, "all-used", width * used, "odd", 17).entrySet()) {
      var values = new LinkedHashMap<String, Optional<GgufValue>>();
      values.put(prefix + "feed_forward_length", Optional.of(count(other.getValue())));
      values.put(prefix + "expert_feed_forward_length", Optional.empty());
      cases.add(KeyCase.of(base, "feed_forward-" + other.getKey() + "-alone", values));
    }
    var none = new LinkedHashMap<String, Optional<GgufValue>>();
    none.put(prefix + "feed_forward_length", Optional.empty());
    none.put(prefix + "expert_feed_forward_length", Optional.empty());
    cases.add(KeyCase.of(base, "without_any_width", none));
    return cases;
  }

  static List<KeyCase> tensors(TinyModel base) {
    int pairs = base.architecture().latent().isPresent() ? TinyLatent.ROTATED / 2 : 32;
    float[] factors = new float[pairs];
    for (int i = 0; i < pairs; i++) {
      factors[i] = 1 + i % 5;
    }
    List<KeyCase> cases = new ArrayList<>();
    cases.add(with(base, "rope_freqs", Map.of("rope_freqs.weight", factors), Map.of()));
    if (!base.architecture().has(TinyArchitecture.Part.LONG_ROPE)) {
      Map<String, float[]> both =
          Map.of("rope_factors_short.weight", factors, "rope_factors_long.weight", factors);
      cases.add(with(base, "rope_factors", both, Map.of()));
      cases.add(
          with(
              base,
              "rope_factors-longrope",
              both,
              Map.of("rope.scaling.type", text("longrope"), "rope.scaling.factor", real(4))));
    }
    return cases;
  }

  private static KeyCase with(
      TinyModel base, String name, Map<String, float[]> tensors, Map<String, GgufValue> keys) {
    var values = new LinkedHashMap<String, Optional<GgufValue>>();
    keys.forEach((k, v) -> values.put(base.architecture().name() + "." + k, Optional.of(v)));
    return new KeyCase(base, "tensor_" + name, values, tensors);
  }

  private static void single(Map<String, Map<String, GgufValue>> all, String key, GgufValue value) {
    all.put(key, Map.of(key, value));
  }

  private static GgufValue count(int value) {
    return new GgufValue.U32(value);
  }

  private static GgufValue real(float value) {
    return new GgufValue.F32(value);
  }

  private static GgufValue text(String value) {
    return new GgufValue.Str(value);
  }
}

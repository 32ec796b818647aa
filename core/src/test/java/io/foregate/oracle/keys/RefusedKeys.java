package io.foregate.oracle.keys;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** What llama.cpp loads and Foregate refuses with a sentence, and why. */
final class RefusedKeys {
  private static final String DEEPSEEK = "keys-deepseek2(-lite)?~";
  private static final Map<Pattern, String> REASONS = new LinkedHashMap<>();

  static {
    refuse(".*~with_attention.causal", "tokens would see later ones");
    refuse(".*\\.context_length_zero", "a model of no positions");
    refuse(".*\\.rope.freq_base_(zero|negative)", "frequencies that are no numbers");
    refuse(".*\\.logit_scale_zero", "logits that are infinite");
    refuse(".*\\.attn_factor_zero", "scores that are all 0");
    refuse(".*\\.sliding_window_zero", "windows that see nothing");
    refuse(DEEPSEEK + "with_attention.temperature", "queries that are scaled by their position");
    refuse(DEEPSEEK + ".*gating_func(_twice|-4)", "the root of a soft plus");
    refuse(
        "keys-deepseek2~.*(group_used_count_half|with_expert_group_used_count)",
        "more experts than the groups have");
    refuse("keys-deepseek2~.*expert_used_count_twice", "more experts than the groups have");
    refuse("keys-deepseek2~with_nextn_predict_layers", "no layer with experts is left");
    refuse("keys-gpt-oss~with_rope.freq_base_swa.*", "another RoPE in layers with a window");
    refuse("keys-gpt-oss~with_rope.(factor|scale_linear|type)-none", "another RoPE there, too");
  }

  private RefusedKeys() {}

  /** Why a case is refused; empty if it is not. */
  static String reason(String name) {
    return REASONS.entrySet().stream()
        .filter(entry -> entry.getKey().matcher(name).matches())
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse("");
  }

  private static void refuse(String names, String reason) {
    REASONS.put(Pattern.compile(names), reason);
  }
}

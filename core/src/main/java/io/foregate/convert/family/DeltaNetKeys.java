package io.foregate.convert.family;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.convert.source.HfConfig;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Metadata of models with gated delta nets, and what such models' files take for granted. */
final class DeltaNetKeys {
  /** How much of a head rotates where a configuration does not say so. */
  private static final double USUAL_ROTATION = 0.25;

  /** Pairs that pictures rotate by time, height and width, likewise. */
  private static final int[] USUAL_SECTIONS = {11, 11, 10, 0};

  static final List<KeyRule> ALL =
      List.of(
          KeyRule.size("ssm.conv_kernel", "linear_conv_kernel_dim"),
          KeyRule.size("ssm.state_size", "linear_key_head_dim"),
          KeyRule.size("ssm.group_count", "linear_num_key_heads"),
          KeyRule.size("ssm.time_step_rank", "linear_num_value_heads"),
          KeyRule.computed(
              "ssm.inner_size",
              c -> c.size("linear_num_value_heads") * c.size("linear_value_head_dim")),
          new KeyRule("attention.recurrent_layers", c -> Optional.of(recurrent(c))),
          KeyRule.computed("rope.dimension_count", DeltaNetKeys::rotated));

  static final List<KeyRule> SECTIONS =
      List.of(new KeyRule("rope.dimension_sections", c -> Optional.of(sections(c))));

  /** Of Qwen3.5's, which say what Qwen3-Next's do not. */
  static final List<Demand> DEMANDS =
      List.of(
          Demand.flag("attn_output_gate", true, true),
          Demand.flag("rope_parameters.mrope_interleaved", true, true));

  private DeltaNetKeys() {}

  private static GgufValue recurrent(HfConfig config) {
    List<GgufValue> flags = new ArrayList<>();
    for (int layer = 0; layer < config.size("num_hidden_layers"); layer++) {
      flags.add(new GgufValue.Bool(config.isLinear(layer)));
    }
    return GgufArray.of(GgufValue.Type.BOOL, flags);
  }

  private static long rotated(HfConfig config) {
    OptionalDouble share =
        config.real(
            "rope_parameters.partial_rotary_factor",
            "rope_scaling.partial_rotary_factor",
            "partial_rotary_factor");
    return (long) (config.headSize() * share.orElse(USUAL_ROTATION));
  }

  private static GgufValue sections(HfConfig config) {
    Optional<JsonNode> given =
        config.find("rope_parameters.mrope_section", "rope_scaling.mrope_section");
    if (given.isEmpty()) {
      return GgufArray.ofInts(USUAL_SECTIONS);
    }
    JsonNode list = given.get();
    int[] sections = new int[4];
    for (int i = 0; i < list.size() && i < 3; i++) {
      sections[i] = list.get(i).asInt();
    }
    if (!list.isArray() || list.size() != 3 || sections[0] + sections[1] + sections[2] <= 0) {
      throw config.wrong("rope_parameters.mrope_section", list, "three numbers of pairs");
    }
    return GgufArray.ofInts(sections);
  }
}

package io.foregate.convert.family;

import static io.foregate.convert.family.FamilyTensors.all;

import io.foregate.convert.source.HfConfig;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufValue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The families that can be converted, as data. Names of keys and tensors are those that llama.cpp's
 * converter writes and its loader reads (gguf-py's constants.py and tensor_mapping.py).
 */
public final class HfFamilies {
  private static final Set<String> PLAIN_ROPE = Set.of("default", "linear", "yarn");
  private static final Set<String> LLAMA_ROPE = Set.of("default", "linear", "yarn", "llama3");

  /** What every family has. */
  public static final List<KeyRule> COMMON_KEYS =
      List.of(
          KeyRule.size("block_count", "num_hidden_layers"),
          KeyRule.size("context_length", "max_position_embeddings"),
          KeyRule.size("embedding_length", "hidden_size"),
          KeyRule.count("feed_forward_length", "intermediate_size"),
          KeyRule.size("attention.head_count", "num_attention_heads"),
          KeyRule.computed("attention.head_count_kv", HfConfig::keyHeads),
          KeyRule.real("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
          KeyRule.count("expert_count", "num_local_experts", "num_experts", "n_routed_experts"),
          KeyRule.count("expert_used_count", "num_experts_per_tok"),
          KeyRule.count("expert_group_count", "n_group"),
          KeyRule.count("expert_group_used_count", "topk_group"),
          new KeyRule("expert_gating_func", HfFamilies::gating));

  private static final List<KeyRule> HEAD_SIZE =
      List.of(
          KeyRule.count("attention.key_length", "head_dim"),
          KeyRule.count("attention.value_length", "head_dim"));

  private static final List<KeyRule> LLAMA_KEYS =
      List.of(
          KeyRule.size("vocab_size", "vocab_size"),
          KeyRule.computed("rope.dimension_count", HfConfig::headSize));

  private static final List<KeyRule> EXPERT_WIDTH =
      List.of(KeyRule.size("expert_feed_forward_length", "moe_intermediate_size"));

  private static final List<KeyRule> GATED_SHARED =
      List.of(KeyRule.size("expert_shared_feed_forward_length", "shared_expert_intermediate_size"));

  private static final List<KeyRule> GRANITE_KEYS =
      List.of(
          KeyRule.real("attention.scale", "attention_multiplier"),
          KeyRule.real("embedding_scale", "embedding_multiplier"),
          KeyRule.real("residual_scale", "residual_multiplier"),
          KeyRule.real("logit_scale", "logits_scaling"),
          KeyRule.count("expert_shared_feed_forward_length", "shared_intermediate_size"));

  private static final List<KeyRule> DEEPSEEK_KEYS =
      List.of(
          KeyRule.computed("attention.head_count_kv", _ -> 1L), // MLA is read as one shared head
          KeyRule.computed(
              "leading_dense_block_count", c -> c.integer("first_k_dense_replace").orElse(0)),
          KeyRule.size("vocab_size", "vocab_size"),
          KeyRule.count("attention.q_lora_rank", "q_lora_rank"),
          KeyRule.size("attention.kv_lora_rank", "kv_lora_rank"),
          KeyRule.computed(
              "attention.key_length", c -> c.size("kv_lora_rank") + c.size("qk_rope_head_dim")),
          KeyRule.size("attention.value_length", "kv_lora_rank"),
          KeyRule.computed(
              "attention.key_length_mla",
              c -> c.size("qk_nope_head_dim") + c.size("qk_rope_head_dim")),
          KeyRule.size("attention.value_length_mla", "v_head_dim"),
          KeyRule.size("expert_feed_forward_length", "moe_intermediate_size"),
          KeyRule.computed("expert_shared_count", c -> c.integer("n_shared_experts").orElse(0)),
          KeyRule.real("expert_weights_scale", "routed_scaling_factor"),
          KeyRule.flag("expert_weights_norm", "norm_topk_prob"),
          KeyRule.size("rope.dimension_count", "qk_rope_head_dim"));

  private static final List<Demand> SILU = List.of(Demand.text("hidden_act", "silu"));

  private static final List<HfFamily> ALL =
      List.of(
          new HfFamily(
              List.of("LlamaForCausalLM", "MistralForCausalLM"),
              "llama",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.PAIRED_ATTENTION,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.DENSE),
              keys(LLAMA_KEYS, HEAD_SIZE),
              SILU,
              LLAMA_ROPE),
          new HfFamily(
              List.of("MixtralForCausalLM"),
              "llama",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.PAIRED_ATTENTION,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.SPARSE_BLOCK),
              keys(LLAMA_KEYS, HEAD_SIZE),
              SILU,
              LLAMA_ROPE),
          new HfFamily(
              List.of("Qwen2ForCausalLM"),
              "qwen2",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.ATTENTION,
                  FamilyTensors.QKV_BIAS,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.DENSE),
              HEAD_SIZE,
              demands(SILU, Demand.flag("use_sliding_window", false, false)),
              PLAIN_ROPE),
          new HfFamily(
              List.of("Qwen2MoeForCausalLM"),
              "qwen2moe",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.ATTENTION,
                  FamilyTensors.QKV_BIAS,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.EXPERTS,
                  FamilyTensors.GATED_SHARED_EXPERT),
              keys(HEAD_SIZE, EXPERT_WIDTH, GATED_SHARED),
              demands(SILU, everyLayerRouted(), Demand.flag("norm_topk_prob", false, false)),
              PLAIN_ROPE),
          new HfFamily(
              List.of("Qwen3ForCausalLM"),
              "qwen3",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.ATTENTION,
                  FamilyTensors.HEAD_NORMS,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.DENSE),
              HEAD_SIZE,
              demands(SILU, Demand.flag("use_sliding_window", false, false)),
              PLAIN_ROPE),
          new HfFamily(
              List.of("Qwen3MoeForCausalLM"),
              "qwen3moe",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.ATTENTION,
                  FamilyTensors.HEAD_NORMS,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.EXPERTS),
              keys(HEAD_SIZE, EXPERT_WIDTH),
              demands(SILU, everyLayerRouted(), Demand.flag("norm_topk_prob", true, false)),
              PLAIN_ROPE),
          new HfFamily(
              List.of("Qwen3NextForCausalLM"),
              "qwen3next",
              all(
                  FamilyTensors.CENTRED_FRAME,
                  FamilyTensors.GATED_ATTENTION,
                  FamilyTensors.DELTA_NETS,
                  FamilyTensors.EXPERTS,
                  FamilyTensors.GATED_SHARED_EXPERT),
              keys(HEAD_SIZE, EXPERT_WIDTH, GATED_SHARED, DeltaNetKeys.ALL),
              demands(SILU, everyLayerRouted(), Demand.flag("norm_topk_prob", true, true)),
              PLAIN_ROPE),
          new HfFamily(
              List.of("Qwen3_5ForCausalLM", "Qwen3_5ForConditionalGeneration"),
              "qwen35",
              all(
                  FamilyTensors.CENTRED_FRAME,
                  FamilyTensors.GATED_ATTENTION,
                  FamilyTensors.TURNED_DELTA_NETS,
                  FamilyTensors.DENSE),
              keys(HEAD_SIZE, DeltaNetKeys.ALL, DeltaNetKeys.SECTIONS),
              demands(SILU, DeltaNetKeys.DEMANDS),
              PLAIN_ROPE),
          new HfFamily(
              List.of("Qwen3_5MoeForCausalLM", "Qwen3_5MoeForConditionalGeneration"),
              "qwen35moe",
              all(
                  FamilyTensors.CENTRED_FRAME,
                  FamilyTensors.GATED_ATTENTION,
                  FamilyTensors.TURNED_DELTA_NETS,
                  FamilyTensors.EXPERTS,
                  FamilyTensors.GATED_SHARED_EXPERT),
              keys(HEAD_SIZE, EXPERT_WIDTH, GATED_SHARED, DeltaNetKeys.ALL, DeltaNetKeys.SECTIONS),
              demands(SILU, DeltaNetKeys.DEMANDS),
              PLAIN_ROPE),
          new HfFamily(
              List.of("OlmoeForCausalLM"),
              "olmoe",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.ATTENTION,
                  FamilyTensors.WIDE_NORMS,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.EXPERTS),
              HEAD_SIZE,
              demands(SILU, Demand.absent("clip_qkv"), Demand.flag("norm_topk_prob", false, false)),
              PLAIN_ROPE),
          new HfFamily(
              List.of("GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM"),
              "granitemoe",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.PAIRED_ATTENTION,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.PARALLEL_EXPERTS),
              keys(LLAMA_KEYS, GRANITE_KEYS),
              SILU,
              LLAMA_ROPE),
          new HfFamily(
              List.of("PhimoeForCausalLM", "PhiMoEForCausalLM"),
              "phimoe",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.ATTENTION,
                  FamilyTensors.QKV_BIAS,
                  FamilyTensors.OUTPUT_BIAS,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.PHI_BIASES,
                  FamilyTensors.SPARSE_BLOCK),
              List.of(
                  KeyRule.computed("rope.dimension_count", HfConfig::headSize),
                  KeyRule.computed(
                      "attention.sliding_window", c -> c.integer("sliding_window").orElse(0))),
              SILU,
              Set.of("default", "longrope", "su")),
          new HfFamily(
              List.of("DeepseekV2ForCausalLM"),
              "deepseek2",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.LATENT_ATTENTION,
                  FamilyTensors.FEED_FORWARD_NORM,
                  FamilyTensors.DENSE,
                  FamilyTensors.EXPERTS,
                  FamilyTensors.SHARED_EXPERTS,
                  FamilyTensors.SELECTION_BIAS),
              DEEPSEEK_KEYS,
              demands(SILU, Demand.number("moe_layer_freq", 1)),
              PLAIN_ROPE),
          new HfFamily(
              List.of("GptOssForCausalLM"),
              "gpt-oss",
              all(
                  FamilyTensors.FRAME,
                  FamilyTensors.ATTENTION,
                  FamilyTensors.QKV_BIAS,
                  FamilyTensors.OUTPUT_BIAS,
                  FamilyTensors.GPT_OSS),
              keys(
                  HEAD_SIZE,
                  List.of(
                      KeyRule.size("attention.sliding_window", "sliding_window"),
                      KeyRule.size("expert_feed_forward_length", "intermediate_size"))),
              demands(SILU, Demand.number("swiglu_limit", 7), windowInTurns()),
              PLAIN_ROPE));

  private HfFamilies() {}

  /**
   * The family of a model's class.
   *
   * @throws ForegateException naming what is supported, and the closest
   */
  public static HfFamily of(HfConfig config) {
    String name = config.architecture();
    return ALL.stream()
        .filter(family -> family.classes().contains(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "%s: models of class %s cannot be converted; the closest that can is %s"
                        .formatted(config.file(), name, closest(name)),
                    "Supported: %s.".formatted(names().collect(Collectors.joining(", ")))));
  }

  /** The classes of all families. */
  public static Stream<String> names() {
    return ALL.stream().flatMap(family -> family.classes().stream());
  }

  private static String closest(String name) {
    return names().min(Comparator.comparingInt(other -> distance(name, other))).orElseThrow();
  }

  /** Levenshtein's edit distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }

  private static Optional<GgufValue> gating(HfConfig config) {
    return config
        .find("scoring_func")
        .map(
            node ->
                switch (node.asText()) {
                  case "softmax" -> KeyRule.u32(1);
                  case "sigmoid" -> KeyRule.u32(2);
                  default -> throw config.wrong("scoring_func", node, "softmax or sigmoid");
                });
  }

  @SafeVarargs
  private static List<KeyRule> keys(List<KeyRule>... groups) {
    List<KeyRule> rules = new ArrayList<>();
    for (List<KeyRule> group : groups) {
      rules.addAll(group);
    }
    return List.copyOf(rules);
  }

  private static List<Demand> demands(List<Demand> common, Demand... more) {
    return Stream.concat(common.stream(), Stream.of(more)).toList();
  }

  private static List<Demand> demands(List<Demand> common, List<Demand> some, Demand... more) {
    return Stream.of(common, some, List.of(more)).flatMap(List::stream).toList();
  }

  /** Every other layer sees a window, the first one does: what readers of gpt-oss's files do. */
  private static Demand windowInTurns() {
    return new Demand(
        "layer_types",
        node ->
            IntStream.range(0, node.size())
                .allMatch(
                    i ->
                        node.get(i)
                            .asText()
                            .equals(i % 2 == 0 ? "sliding_attention" : "full_attention")),
        "sliding_attention and full_attention in turns",
        true);
  }

  private static List<Demand> everyLayerRouted() {
    return List.of(Demand.absent("mlp_only_layers"), Demand.number("decoder_sparse_step", 1));
  }
}

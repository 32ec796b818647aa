package io.foregate.convert.family;

import io.foregate.convert.family.TensorRule.Need;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Groups of tensors that several families have, by their names in transformers and in GGUF. */
final class FamilyTensors {
  private static final String LAYER = "model.layers.{l}.";
  private static final String BLOCK = "blk.{l}.";

  /** Embedding, output and norms. */
  static final List<TensorRule> FRAME =
      List.of(
          TensorRule.of("model.embed_tokens.weight", "token_embd.weight", "V D"),
          layer("input_layernorm.weight", "attn_norm.weight", "D"),
          TensorRule.of("model.norm.weight", "output_norm.weight", "D"),
          TensorRule.of("lm_head.weight", "output.weight", "V D").when(Need.UNTIED));

  /** The norm between attention and feed-forward, under its usual name. */
  static final List<TensorRule> FEED_FORWARD_NORM =
      List.of(layer("post_attention_layernorm.weight", "ffn_norm.weight", "D"));

  static final List<TensorRule> ATTENTION =
      List.of(
          layer("self_attn.q_proj.weight", "attn_q.weight", "Q D"),
          layer("self_attn.k_proj.weight", "attn_k.weight", "K D"),
          layer("self_attn.v_proj.weight", "attn_v.weight", "K D"),
          layer("self_attn.o_proj.weight", "attn_output.weight", "D Q"));

  /** Biases of queries, keys and values. */
  static final List<TensorRule> QKV_BIAS =
      List.of(
          layer("self_attn.q_proj.bias", "attn_q.bias", "Q"),
          layer("self_attn.k_proj.bias", "attn_k.bias", "K"),
          layer("self_attn.v_proj.bias", "attn_v.bias", "K"));

  static final List<TensorRule> OUTPUT_BIAS =
      List.of(layer("self_attn.o_proj.bias", "attn_output.bias", "D"));

  /** Attention whose GGUF rotates neighbours: rows of queries and keys are put back in pairs. */
  static final List<TensorRule> PAIRED_ATTENTION =
      all(ATTENTION, optional(QKV_BIAS), optional(OUTPUT_BIAS)).stream()
          .map(FamilyTensors::paired)
          .toList();

  /** RMSNorm of each head's queries and keys. */
  static final List<TensorRule> HEAD_NORMS =
      List.of(
          layer("self_attn.q_norm.weight", "attn_q_norm.weight", "H"),
          layer("self_attn.k_norm.weight", "attn_k_norm.weight", "H"));

  /** RMSNorm of all heads' queries and keys at once. */
  static final List<TensorRule> WIDE_NORMS =
      List.of(
          layer("self_attn.q_norm.weight", "attn_q_norm.weight", "Q"),
          layer("self_attn.k_norm.weight", "attn_k_norm.weight", "K"));

  static final List<TensorRule> DENSE =
      need(
          Need.DENSE_LAYERS,
          layer("mlp.gate_proj.weight", "ffn_gate.weight", "F D"),
          layer("mlp.up_proj.weight", "ffn_up.weight", "F D"),
          layer("mlp.down_proj.weight", "ffn_down.weight", "D F"));

  /** Router and experts as Mixtral names them. */
  static final List<TensorRule> SPARSE_BLOCK =
      need(
          Need.ROUTED_LAYERS,
          layer("block_sparse_moe.gate.weight", "ffn_gate_inp.weight", "E D"),
          layer("block_sparse_moe.experts.{e}.w1.weight", "ffn_gate_exps.weight", "M D"),
          layer("block_sparse_moe.experts.{e}.w3.weight", "ffn_up_exps.weight", "M D"),
          layer("block_sparse_moe.experts.{e}.w2.weight", "ffn_down_exps.weight", "D M"));

  /** Router and experts as Qwen, OLMoE and DeepSeek name them, each alone or all in one. */
  static final List<TensorRule> EXPERTS =
      need(
          Need.ROUTED_LAYERS,
          layer("mlp.gate.weight", "ffn_gate_inp.weight", "E D"),
          layer("mlp.experts.{e}.gate_proj.weight", "ffn_gate_exps.weight", "M D"),
          layer("mlp.experts.{e}.up_proj.weight", "ffn_up_exps.weight", "M D"),
          layer("mlp.experts.{e}.down_proj.weight", "ffn_down_exps.weight", "D M"),
          layer("mlp.experts.gate_up_proj", "ffn_gate_exps.weight", "E 2M D")
              .via(Transform.FIRST_HALF),
          layer("mlp.experts.gate_up_proj", "ffn_up_exps.weight", "E 2M D")
              .via(Transform.SECOND_HALF),
          layer("mlp.experts.down_proj", "ffn_down_exps.weight", "E D M"));

  /** Qwen's shared expert, whose share a sigmoid of its own decides. */
  static final List<TensorRule> GATED_SHARED_EXPERT =
      need(
          Need.SHARED,
          layer("mlp.shared_expert.gate_proj.weight", "ffn_gate_shexp.weight", "S D"),
          layer("mlp.shared_expert.up_proj.weight", "ffn_up_shexp.weight", "S D"),
          layer("mlp.shared_expert.down_proj.weight", "ffn_down_shexp.weight", "D S"),
          layer("mlp.shared_expert_gate.weight", "ffn_gate_inp_shexp.weight", "1 D")
              .via(Transform.ROW));

  /** Granite's experts, gate and up in one, and its optional shared one. */
  static final List<TensorRule> PARALLEL_EXPERTS =
      all(
          need(
              Need.ROUTED_LAYERS,
              layer("block_sparse_moe.router.layer.weight", "ffn_gate_inp.weight", "E D"),
              layer("block_sparse_moe.input_linear.weight", "ffn_gate_exps.weight", "E 2M D")
                  .via(Transform.FIRST_HALF),
              layer("block_sparse_moe.input_linear.weight", "ffn_up_exps.weight", "E 2M D")
                  .via(Transform.SECOND_HALF),
              layer("block_sparse_moe.output_linear.weight", "ffn_down_exps.weight", "E D M")),
          need(
              Need.SHARED,
              layer("shared_mlp.input_linear.weight", "ffn_gate_shexp.weight", "2S D")
                  .via(Transform.FIRST_HALF),
              layer("shared_mlp.input_linear.weight", "ffn_up_shexp.weight", "2S D")
                  .via(Transform.SECOND_HALF),
              layer("shared_mlp.output_linear.weight", "ffn_down_shexp.weight", "D S")));

  /** As {@link #FRAME}, of families that keep norms as what they differ from 1 by. */
  static final List<TensorRule> CENTRED_FRAME =
      all(
              FRAME,
              List.of(layer("post_attention_layernorm.weight", "post_attention_norm.weight", "D")))
          .stream()
          .map(rule -> rule.target().contains("norm") ? rule.map(ElementMap.PLUS_ONE) : rule)
          .toList();

  /** Attention whose queries come with gates, in some layers. */
  static final List<TensorRule> GATED_ATTENTION =
      need(
          Need.ATTENTION_LAYERS,
          layer("self_attn.q_proj.weight", "attn_q.weight", "2Q D"),
          layer("self_attn.k_proj.weight", "attn_k.weight", "K D"),
          layer("self_attn.v_proj.weight", "attn_v.weight", "K D"),
          layer("self_attn.o_proj.weight", "attn_output.weight", "D Q"),
          layer("self_attn.q_norm.weight", "attn_q_norm.weight", "H").map(ElementMap.PLUS_ONE),
          layer("self_attn.k_norm.weight", "attn_k_norm.weight", "H").map(ElementMap.PLUS_ONE));

  /** Qwen3-Next's delta nets, whose inputs lie together by key head. */
  static final List<TensorRule> DELTA_NETS =
      need(
          Need.DELTA_LAYERS,
          layer("linear_attn.in_proj_qkvz.weight", "attn_qkv.weight", "dI D")
              .via(Transform.DELTA_CHANNELS),
          layer("linear_attn.in_proj_qkvz.weight", "attn_gate.weight", "dI D")
              .via(Transform.DELTA_GATES),
          layer("linear_attn.in_proj_ba.weight", "ssm_ba.weight", "2dV D"),
          layer("linear_attn.conv1d.weight", "ssm_conv1d.weight", "dC 1 dT")
              .via(Transform.CONVOLUTION),
          layer("linear_attn.A_log", "ssm_a", "dV").map(ElementMap.NEGATIVE_EXPONENTIAL),
          layer("linear_attn.dt_bias", "ssm_dt.bias", "dV"),
          layer("linear_attn.norm.weight", "ssm_norm.weight", "dH"),
          layer("linear_attn.out_proj.weight", "ssm_out.weight", "D dO"));

  /** Qwen3.5's, whose value heads take turns in GGUF. */
  static final List<TensorRule> TURNED_DELTA_NETS =
      need(
          Need.DELTA_LAYERS,
          layer("linear_attn.in_proj_qkv.weight", "attn_qkv.weight", "dC D")
              .via(Transform.TURNED_CHANNELS),
          layer("linear_attn.in_proj_z.weight", "attn_gate.weight", "dO D")
              .via(Transform.TURNED_HEADS),
          layer("linear_attn.in_proj_b.weight", "ssm_beta.weight", "dV D")
              .via(Transform.TURNED_HEADS),
          layer("linear_attn.in_proj_a.weight", "ssm_alpha.weight", "dV D")
              .via(Transform.TURNED_HEADS),
          layer("linear_attn.conv1d.weight", "ssm_conv1d.weight", "dC 1 dT")
              .via(Transform.TURNED_CONVOLUTION),
          layer("linear_attn.A_log", "ssm_a", "dV")
              .via(Transform.TURNED_HEADS)
              .map(ElementMap.NEGATIVE_EXPONENTIAL),
          layer("linear_attn.dt_bias", "ssm_dt.bias", "dV").via(Transform.TURNED_HEADS),
          layer("linear_attn.norm.weight", "ssm_norm.weight", "dH"),
          layer("linear_attn.out_proj.weight", "ssm_out.weight", "D dO")
              .via(Transform.TURNED_COLUMNS));

  /** DeepSeek's multi-head latent attention; GGUF keeps the halves of {@code kv_b} apart. */
  static final List<TensorRule> LATENT_ATTENTION =
      List.of(
          layer("self_attn.q_proj.weight", "attn_q.weight", "A*NR D").when(Need.PLAIN_QUERIES),
          layer("self_attn.q_a_proj.weight", "attn_q_a.weight", "C D")
              .when(Need.COMPRESSED_QUERIES),
          layer("self_attn.q_a_layernorm.weight", "attn_q_a_norm.weight", "C")
              .when(Need.COMPRESSED_QUERIES),
          layer("self_attn.q_b_proj.weight", "attn_q_b.weight", "A*NR C")
              .when(Need.COMPRESSED_QUERIES),
          layer("self_attn.kv_a_proj_with_mqa.weight", "attn_kv_a_mqa.weight", "LR D"),
          layer("self_attn.kv_a_layernorm.weight", "attn_kv_a_norm.weight", "L"),
          layer("self_attn.kv_b_proj.weight", "attn_k_b.weight", "A*NW L")
              .via(Transform.LATENT_KEYS),
          layer("self_attn.kv_b_proj.weight", "attn_v_b.weight", "A*NW L")
              .via(Transform.LATENT_VALUES),
          layer("self_attn.o_proj.weight", "attn_output.weight", "D A*W"));

  /** DeepSeek's shared experts, side by side in one network. */
  static final List<TensorRule> SHARED_EXPERTS =
      need(
          Need.SHARED,
          layer("mlp.shared_experts.gate_proj.weight", "ffn_gate_shexp.weight", "S D"),
          layer("mlp.shared_experts.up_proj.weight", "ffn_up_shexp.weight", "S D"),
          layer("mlp.shared_experts.down_proj.weight", "ffn_down_shexp.weight", "D S"));

  static final List<TensorRule> SELECTION_BIAS =
      List.of(
          layer("mlp.gate.e_score_correction_bias", "exp_probs_b.bias", "E").when(Need.OPTIONAL));

  /** gpt-oss: biases, sinks, and experts in MXFP4 or as plain, transposed matrices. */
  static final List<TensorRule> GPT_OSS =
      all(
          List.of(
              layer("self_attn.sinks", "attn_sinks.weight", "A"),
              layer("post_attention_layernorm.weight", "post_attention_norm.weight", "D")),
          need(
              Need.ROUTED_LAYERS,
              layer("mlp.router.weight", "ffn_gate_inp.weight", "E D"),
              layer("mlp.router.bias", "ffn_gate_inp.bias", "E"),
              layer("mlp.experts.gate_up_proj_blocks", "ffn_gate_exps.weight", "E 2M D/32 16")
                  .via(Transform.MXFP4_EVEN),
              layer("mlp.experts.gate_up_proj_blocks", "ffn_up_exps.weight", "E 2M D/32 16")
                  .via(Transform.MXFP4_ODD),
              layer("mlp.experts.down_proj_blocks", "ffn_down_exps.weight", "E D M/32 16")
                  .via(Transform.MXFP4),
              layer("mlp.experts.gate_up_proj", "ffn_gate_exps.weight", "E D 2M")
                  .via(Transform.EVEN_TRANSPOSED),
              layer("mlp.experts.gate_up_proj", "ffn_up_exps.weight", "E D 2M")
                  .via(Transform.ODD_TRANSPOSED),
              layer("mlp.experts.down_proj", "ffn_down_exps.weight", "E M D")
                  .via(Transform.TRANSPOSED),
              layer("mlp.experts.gate_up_proj_bias", "ffn_gate_exps.bias", "E 2M")
                  .via(Transform.EVEN),
              layer("mlp.experts.gate_up_proj_bias", "ffn_up_exps.bias", "E 2M").via(Transform.ODD),
              layer("mlp.experts.down_proj_bias", "ffn_down_exps.bias", "E D")));

  /** Biases of Phi's LayerNorms and output matrix. */
  static final List<TensorRule> PHI_BIASES =
      List.of(
          layer("input_layernorm.bias", "attn_norm.bias", "D"),
          layer("post_attention_layernorm.bias", "ffn_norm.bias", "D"),
          TensorRule.of("model.norm.bias", "output_norm.bias", "D"),
          TensorRule.of("lm_head.bias", "output.bias", "V"));

  private FamilyTensors() {}

  @SafeVarargs
  static List<TensorRule> all(List<TensorRule>... groups) {
    List<TensorRule> rules = new ArrayList<>();
    for (List<TensorRule> group : groups) {
      rules.addAll(group);
    }
    return List.copyOf(rules);
  }

  static List<TensorRule> optional(List<TensorRule> rules) {
    return need(Need.OPTIONAL, rules.toArray(TensorRule[]::new));
  }

  private static List<TensorRule> need(Need need, TensorRule... rules) {
    return Stream.of(rules).map(rule -> rule.when(need)).toList();
  }

  private static TensorRule layer(String source, String target, String shape) {
    return TensorRule.of(LAYER + source, BLOCK + target, shape);
  }

  private static TensorRule paired(TensorRule rule) {
    if (rule.target().contains("attn_q.")) {
      return rule.via(Transform.QUERY_PAIRS);
    }
    return rule.target().contains("attn_k.") ? rule.via(Transform.KEY_PAIRS) : rule;
  }
}

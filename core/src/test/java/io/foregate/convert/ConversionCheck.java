package io.foregate.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.convert.HfModel.Source;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.format.Quants;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a family's tensors have to be.
 *
 * @param seen names of those that were looked at
 */
record ConversionCheck(HfModel model, GgufFile file, Set<String> seen) {
  void frame() {
    same("model.embed_tokens.weight", "token_embd.weight");
    norm("model.norm.weight", "output_norm.weight");
    same("lm_head.weight", "output.weight");
    if (model.tensors.containsKey("lm_head.bias")) {
      same("lm_head.bias", "output.bias");
      same("model.norm.bias", "output_norm.bias");
    }
  }

  void layer(String family, String from, String to, int layer) {
    norm(from + "input_layernorm.weight", to + "attn_norm.weight");
    boolean after = family.startsWith("Gpt") || HfModel.hasDeltaNets(family);
    norm(
        from + "post_attention_layernorm.weight",
        to + (after ? "post_attention_norm.weight" : "ffn_norm.weight"));
    if (HfModel.hasDeltaNets(family) && layer == 0) {
      new DeltaNetCheck(this).layer(family.startsWith("Qwen3Next"), from + "linear_attn.", to);
    } else {
      attention(family, from + "self_attn.", to);
    }
    String experts = from + "mlp.experts.";
    switch (family) {
      case "MixtralForCausalLM", "PhimoeForCausalLM" -> {
        same(from + "block_sparse_moe.gate.weight", to + "ffn_gate_inp.weight");
        stacked(from + "block_sparse_moe.experts.%d.w1.weight", to + "ffn_gate_exps.weight");
        stacked(from + "block_sparse_moe.experts.%d.w3.weight", to + "ffn_up_exps.weight");
        stacked(from + "block_sparse_moe.experts.%d.w2.weight", to + "ffn_down_exps.weight");
      }
      case "Qwen2MoeForCausalLM",
          "Qwen3MoeForCausalLM",
          "Qwen3NextForCausalLM",
          "Qwen3_5MoeForCausalLM",
          "OlmoeForCausalLM" ->
          routed(from, experts, to);
      case "DeepseekV2ForCausalLM" -> {
        if (layer == 0) {
          network(from + "mlp.", to, "");
        } else {
          routed(from, experts, to);
          network(from + "mlp.shared_experts.", to, "_shexp");
        }
      }
      case "GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM" -> granite(family, from, to);
      case "GptOssForCausalLM" -> gptOss(from, to, layer);
      default -> network(from + "mlp.", to, "");
    }
    if (HfModel.hasGatedExpert(family)) {
      network(from + "mlp.shared_expert.", to, "_shexp");
      values(
          to + "ffn_gate_inp_shexp.weight",
          List.of((long) HfModel.WIDTH),
          model.tensors.get(from + "mlp.shared_expert_gate.weight").values());
    }
    if (family.startsWith("Phi")) {
      same(from + "input_layernorm.bias", to + "attn_norm.bias");
      same(from + "post_attention_layernorm.bias", to + "ffn_norm.bias");
    }
  }

  private void routed(String from, String experts, String to) {
    same(from + "mlp.gate.weight", to + "ffn_gate_inp.weight");
    stacked(experts + "%d.gate_proj.weight", to + "ffn_gate_exps.weight");
    stacked(experts + "%d.up_proj.weight", to + "ffn_up_exps.weight");
    stacked(experts + "%d.down_proj.weight", to + "ffn_down_exps.weight");
  }

  private void network(String from, String to, String suffix) {
    for (String matrix : List.of("gate", "up", "down")) {
      same(from + matrix + "_proj.weight", to + "ffn_" + matrix + suffix + ".weight");
    }
  }

  private void attention(String family, String from, String to) {
    same(from + "o_proj.weight", to + "attn_output.weight");
    if (family.startsWith("Deepseek")) {
      same(from + "q_proj.weight", to + "attn_q.weight");
      same(from + "kv_a_proj_with_mqa.weight", to + "attn_kv_a_mqa.weight");
      same(from + "kv_a_layernorm.weight", to + "attn_kv_a_norm.weight");
      latent(from + "kv_b_proj.weight", to);
      return;
    }
    same(from + "v_proj.weight", to + "attn_v.weight");
    boolean paired = family.matches("(Llama|Mistral|Mixtral|Granite).*");
    if (paired) {
      paired(from + "q_proj.weight", to + "attn_q.weight", HfModel.HEADS);
      paired(from + "k_proj.weight", to + "attn_k.weight", HfModel.KV_HEADS);
    } else {
      same(from + "q_proj.weight", to + "attn_q.weight");
      same(from + "k_proj.weight", to + "attn_k.weight");
    }
    for (String one : List.of("q", "k", "v")) {
      if (model.tensors.containsKey(from + one + "_proj.bias")) {
        same(from + one + "_proj.bias", to + "attn_" + one + ".bias");
      }
      if (model.tensors.containsKey(from + one + "_norm.weight")) {
        norm(from + one + "_norm.weight", to + "attn_" + one + "_norm.weight");
      }
    }
    if (model.tensors.containsKey(from + "o_proj.bias")) {
      same(from + "o_proj.bias", to + "attn_output.bias");
    }
  }

  /** Element i of a head, and i + size / 2, become neighbours. */
  private void paired(String from, String to, int heads) {
    Source source = model.tensors.get(from);
    int size = source.shape()[0] / heads;
    int columns = source.shape()[1];
    var expected = new float[source.values().length];
    for (int head = 0; head < heads; head++) {
      for (int i = 0; i < size; i++) {
        int row = head * size + (i < size / 2 ? 2 * i : 2 * (i - size / 2) + 1);
        System.arraycopy(
            source.values(), (head * size + i) * columns, expected, row * columns, columns);
      }
    }
    values(to, List.of((long) columns, (long) heads * size), expected);
  }

  private void latent(String from, String to) {
    float[] source = model.tensors.get(from).values();
    int plain = 16;
    int value = 16;
    int rank = 32;
    var keys = new float[HfModel.HEADS * rank * plain];
    var values = new float[HfModel.HEADS * value * rank];
    for (int head = 0; head < HfModel.HEADS; head++) {
      for (int l = 0; l < rank; l++) {
        for (int i = 0; i < plain; i++) {
          keys[(head * rank + l) * plain + i] = source[(head * (plain + value) + i) * rank + l];
        }
        for (int i = 0; i < value; i++) {
          values[(head * value + i) * rank + l] =
              source[(head * (plain + value) + plain + i) * rank + l];
        }
      }
    }
    long heads = HfModel.HEADS;
    values(to + "attn_k_b.weight", List.of((long) plain, (long) rank, heads), keys);
    values(to + "attn_v_b.weight", List.of((long) rank, (long) value, heads), values);
  }

  private void granite(String family, String from, String to) {
    same(from + "block_sparse_moe.router.layer.weight", to + "ffn_gate_inp.weight");
    same(from + "block_sparse_moe.output_linear.weight", to + "ffn_down_exps.weight");
    halves(from + "block_sparse_moe.input_linear.weight", to, "exps", HfModel.EXPERTS);
    if (family.contains("Shared")) {
      same(from + "shared_mlp.output_linear.weight", to + "ffn_down_shexp.weight");
      halves(from + "shared_mlp.input_linear.weight", to, "shexp", 1);
    }
  }

  private void halves(String from, String to, String suffix, int experts) {
    float[] source = model.tensors.get(from).values();
    int half = source.length / experts / 2;
    var gate = new float[experts * half];
    var up = new float[experts * half];
    for (int e = 0; e < experts; e++) {
      System.arraycopy(source, 2 * e * half, gate, e * half, half);
      System.arraycopy(source, (2 * e + 1) * half, up, e * half, half);
    }
    List<Long> shape = new ArrayList<>(List.of(64L, half / 64L));
    if (suffix.equals("exps")) {
      shape.add((long) experts);
    }
    values(to + "ffn_gate_" + suffix + ".weight", shape, gate);
    values(to + "ffn_up_" + suffix + ".weight", shape, up);
  }

  private void gptOss(String from, String to, int layer) {
    String experts = from + "mlp.experts.";
    same(from + "self_attn.sinks", to + "attn_sinks.weight");
    same(from + "mlp.router.weight", to + "ffn_gate_inp.weight");
    same(from + "mlp.router.bias", to + "ffn_gate_inp.bias");
    same(experts + "down_proj_bias", to + "ffn_down_exps.bias");
    everySecond(experts + "gate_up_proj_bias", to + "ffn_gate_exps.bias", 0);
    everySecond(experts + "gate_up_proj_bias", to + "ffn_up_exps.bias", 1);
    if (layer == 0) {
      mxfp4(experts + "gate_up_proj", to + "ffn_gate_exps.weight", 0, 2);
      mxfp4(experts + "gate_up_proj", to + "ffn_up_exps.weight", 1, 2);
      mxfp4(experts + "down_proj", to + "ffn_down_exps.weight", 0, 1);
    } else {
      transposed(experts + "gate_up_proj", to + "ffn_gate_exps.weight", 0, 2);
      transposed(experts + "gate_up_proj", to + "ffn_up_exps.weight", 1, 2);
      transposed(experts + "down_proj", to + "ffn_down_exps.weight", 0, 1);
    }
  }

  private void everySecond(String from, String to, int first) {
    float[] source = model.tensors.get(from).values();
    var expected = new float[source.length / 2];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = source[2 * i + first];
    }
    values(to, List.of((long) HfModel.HIDDEN, (long) HfModel.EXPERTS), expected);
  }

  private void transposed(String from, String to, int first, int step) {
    Source source = model.tensors.get(from);
    int inner = source.shape()[1];
    int outer = source.shape()[2] / step;
    var expected = new float[HfModel.EXPERTS * outer * inner];
    for (int e = 0; e < HfModel.EXPERTS; e++) {
      for (int o = 0; o < outer; o++) {
        for (int i = 0; i < inner; i++) {
          expected[(e * outer + o) * inner + i] =
              source.values()[(e * inner + i) * outer * step + o * step + first];
        }
      }
    }
    values(to, List.of((long) inner, (long) outer, (long) HfModel.EXPERTS), expected);
  }

  /** Codes and scales of every weight, from both files' own layouts. */
  private void mxfp4(String from, String to, int first, int step) {
    Source blocks = model.tensors.get(from + "_blocks");
    Source scales = model.tensors.get(from + "_scales");
    int rows = blocks.shape()[1];
    int perRow = blocks.shape()[2];
    GgufTensor tensor = file.tensor(to);
    seen.add(to);
    assertThat(tensor.type()).isEqualTo(GgmlType.MXFP4);
    assertThat(tensor.shape())
        .containsExactly(32L * perRow, (long) rows / step, (long) HfModel.EXPERTS);
    byte[] data = file.data(tensor).toArray(ValueLayout.JAVA_BYTE);
    for (int e = 0; e < HfModel.EXPERTS; e++) {
      for (int r = 0; r < rows / step; r++) {
        for (int b = 0; b < perRow; b++) {
          int source = (e * rows + r * step + first) * perRow + b;
          int target = ((e * rows / step + r) * perRow + b) * 17;
          assertThat(data[target] & 0xff).isEqualTo((int) scales.values()[source]);
          for (int i = 0; i < 32; i++) {
            int expected = ((int) blocks.values()[16 * source + i / 2] >> (4 * (i % 2))) & 15;
            int found = (data[target + 1 + i % 16] >> (i < 16 ? 0 : 4)) & 15;
            assertThat(found).isEqualTo(expected);
          }
        }
      }
    }
  }

  /** Families with delta nets keep what a weight differs from 1 by. */
  private void norm(String from, String to) {
    Source source = model.tensors.get(from);
    float[] expected = source.values().clone();
    if (HfModel.hasDeltaNets(model.config.at("/architectures/0").asText())) {
      for (int i = 0; i < expected.length; i++) {
        expected[i]++;
      }
    }
    values(to, List.of((long) expected.length), expected);
  }

  void same(String from, String to) {
    Source source = model.tensors.get(from);
    List<Long> shape = new ArrayList<>();
    for (int n : source.shape()) {
      shape.addFirst((long) n);
    }
    values(to, shape, source.values());
  }

  private void stacked(String from, String to) {
    Source first = model.tensors.get(from.formatted(0));
    int size = first.values().length;
    var expected = new float[HfModel.EXPERTS * size];
    for (int e = 0; e < HfModel.EXPERTS; e++) {
      System.arraycopy(model.tensors.get(from.formatted(e)).values(), 0, expected, e * size, size);
    }
    values(
        to,
        List.of((long) first.shape()[1], (long) first.shape()[0], (long) HfModel.EXPERTS),
        expected);
  }

  void values(String name, List<Long> shape, float[] expected) {
    seen.add(name);
    GgufTensor tensor = file.tensor(name);
    assertThat(tensor.shape()).as(name).isEqualTo(shape);
    assertThat(floats(file, tensor)).as(name).containsExactly(expected);
  }

  static float[] floats(GgufFile file, GgufTensor tensor) {
    var values = new float[Math.toIntExact(tensor.elements())];
    Quants.decode(tensor.type(), file.data(tensor), 0, values, 0, values.length);
    return values;
  }
}

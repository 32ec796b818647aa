package io.foregate.convert;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A tiny random model as a Hugging Face folder: every family with its own settings and names,
 * written out here once more, so that a mistake in the converter's tables shows.
 */
public final class HfModel {
  static final int VOCABULARY = 300;
  static final int WIDTH = 64;
  static final int HEADS = 4;
  static final int KV_HEADS = 2;
  public static final int LAYERS = 2;
  static final int EXPERTS = 4;
  static final int HIDDEN = 32;

  /** Of delta nets, which the first layer of their families has. */
  static final int DELTA_KEY_HEADS = 2;

  static final int DELTA_VALUE_HEADS = 6;
  static final int DELTA_HEAD = 16;
  static final int DELTA_KERNEL = 4;

  private static final JsonMapper JSON = new JsonMapper();

  /** A tensor's values, or codes for U8. */
  public record Source(String dtype, int[] shape, float[] values) {}

  public final ObjectNode config = JSON.createObjectNode();
  public final Map<String, Source> tensors = new LinkedHashMap<>();
  private final Random random = new Random(11);
  private final String dtype;
  private final int headSize;

  private HfModel(String family, String dtype, int headSize) {
    this.dtype = dtype;
    this.headSize = headSize;
    config.putArray("architectures").add(family);
    config.put("vocab_size", VOCABULARY);
    config.put("hidden_size", WIDTH);
    config.put("num_hidden_layers", LAYERS);
    config.put("num_attention_heads", HEADS);
    config.put("num_key_value_heads", KV_HEADS);
    config.put("max_position_embeddings", 128);
    config.put("intermediate_size", HIDDEN);
    config.put("rms_norm_eps", 1e-5);
    config.put("rope_theta", 10000.0);
    config.put("hidden_act", "silu");
    config.put("tie_word_embeddings", false);
    add("model.embed_tokens.weight", VOCABULARY, WIDTH);
    add("lm_head.weight", VOCABULARY, WIDTH);
    add("model.norm.weight", WIDTH);
  }

  static List<String> families() {
    return List.of(
        "LlamaForCausalLM",
        "MistralForCausalLM",
        "MixtralForCausalLM",
        "Qwen2ForCausalLM",
        "Qwen2MoeForCausalLM",
        "Qwen3ForCausalLM",
        "Qwen3MoeForCausalLM",
        "Qwen3NextForCausalLM",
        "Qwen3_5ForCausalLM",
        "Qwen3_5MoeForCausalLM",
        "OlmoeForCausalLM",
        "GraniteMoeForCausalLM",
        "GraniteMoeSharedForCausalLM",
        "PhimoeForCausalLM",
        "DeepseekV2ForCausalLM",
        "GptOssForCausalLM");
  }

  public static HfModel of(String family) {
    return of(family, "F32");
  }

  /** A random model of a class, its matrices of that type. */
  static HfModel of(String family, String dtype) {
    var model = new HfModel(family, dtype, family.startsWith("Qwen3") ? 32 : WIDTH / HEADS);
    for (int layer = 0; layer < LAYERS; layer++) {
      model.layer(family, layer, "model.layers." + layer + ".");
    }
    model.settings(family);
    return model;
  }

  private void layer(String family, int layer, String prefix) {
    add(prefix + "input_layernorm.weight", WIDTH);
    add(prefix + "post_attention_layernorm.weight", WIDTH);
    if (family.startsWith("Deepseek")) {
      latentAttention(prefix + "self_attn.");
    } else if (hasDeltaNets(family) && layer == 0) {
      deltaNet(family, prefix + "linear_attn.");
    } else {
      attention(prefix + "self_attn.", hasDeltaNets(family) ? 2 : 1);
    }
    switch (family) {
      case "MixtralForCausalLM", "PhimoeForCausalLM" -> {
        add(prefix + "block_sparse_moe.gate.weight", EXPERTS, WIDTH);
        experts(prefix + "block_sparse_moe.experts.", "w1", "w3", "w2");
      }
      case "Qwen2MoeForCausalLM",
          "Qwen3MoeForCausalLM",
          "Qwen3NextForCausalLM",
          "Qwen3_5MoeForCausalLM",
          "OlmoeForCausalLM" ->
          routed(prefix);
      case "DeepseekV2ForCausalLM" -> {
        if (layer == 0) {
          network(prefix + "mlp.", HIDDEN);
        } else {
          routed(prefix);
          network(prefix + "mlp.shared_experts.", 2 * HIDDEN);
        }
      }
      case "GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM" -> {
        add(prefix + "block_sparse_moe.router.layer.weight", EXPERTS, WIDTH);
        add(prefix + "block_sparse_moe.input_linear.weight", EXPERTS, 2 * HIDDEN, WIDTH);
        add(prefix + "block_sparse_moe.output_linear.weight", EXPERTS, WIDTH, HIDDEN);
      }
      case "GptOssForCausalLM" -> gptOss(prefix, layer);
      default -> network(prefix + "mlp.", HIDDEN);
    }
    extras(family, layer, prefix);
  }

  /** Whether a family has delta nets in all layers but every other. */
  static boolean hasDeltaNets(String family) {
    return family.matches("Qwen3(Next|_5).*");
  }

  /** Whether a family has a shared expert with a gate. */
  static boolean hasGatedExpert(String family) {
    return family.equals("Qwen2MoeForCausalLM")
        || (hasDeltaNets(family) && !family.equals("Qwen3_5ForCausalLM"));
  }

  private void deltaNet(String family, String prefix) {
    int keys = DELTA_KEY_HEADS * DELTA_HEAD;
    int values = DELTA_VALUE_HEADS * DELTA_HEAD;
    if (family.startsWith("Qwen3Next")) {
      add(prefix + "in_proj_qkvz.weight", 2 * (keys + values), WIDTH);
      add(prefix + "in_proj_ba.weight", 2 * DELTA_VALUE_HEADS, WIDTH);
    } else {
      add(prefix + "in_proj_qkv.weight", 2 * keys + values, WIDTH);
      add(prefix + "in_proj_z.weight", values, WIDTH);
      add(prefix + "in_proj_b.weight", DELTA_VALUE_HEADS, WIDTH);
      add(prefix + "in_proj_a.weight", DELTA_VALUE_HEADS, WIDTH);
    }
    add(prefix + "conv1d.weight", 2 * keys + values, 1, DELTA_KERNEL);
    add(prefix + "A_log", DELTA_VALUE_HEADS);
    add(prefix + "dt_bias", DELTA_VALUE_HEADS);
    add(prefix + "norm.weight", DELTA_HEAD);
    add(prefix + "out_proj.weight", WIDTH, values);
  }

  private void extras(String family, int layer, String prefix) {
    String attention = prefix + "self_attn.";
    if (family.startsWith("Qwen2") || family.startsWith("Phi") || family.startsWith("Gpt")) {
      add(attention + "q_proj.bias", HEADS * headSize);
      add(attention + "k_proj.bias", KV_HEADS * headSize);
      add(attention + "v_proj.bias", KV_HEADS * headSize);
    }
    if (family.startsWith("Phi") || family.startsWith("Gpt")) {
      add(attention + "o_proj.bias", WIDTH);
    }
    if (family.startsWith("Phi")) {
      add(prefix + "input_layernorm.bias", WIDTH);
      add(prefix + "post_attention_layernorm.bias", WIDTH);
    }
    if (family.startsWith("Qwen3") && !(hasDeltaNets(family) && layer == 0)) {
      add(attention + "q_norm.weight", headSize);
      add(attention + "k_norm.weight", headSize);
    }
    if (family.startsWith("Olmoe")) {
      add(attention + "q_norm.weight", HEADS * headSize);
      add(attention + "k_norm.weight", KV_HEADS * headSize);
    }
    if (hasGatedExpert(family)) {
      network(prefix + "mlp.shared_expert.", 2 * HIDDEN);
      add(prefix + "mlp.shared_expert_gate.weight", 1, WIDTH);
    }
    if (family.equals("GraniteMoeSharedForCausalLM")) {
      add(prefix + "shared_mlp.input_linear.weight", 2 * HIDDEN, WIDTH);
      add(prefix + "shared_mlp.output_linear.weight", WIDTH, HIDDEN);
    }
  }

  /**
   * @param wide how many times as many rows queries have as heads have elements
   */
  private void attention(String prefix, int wide) {
    add(prefix + "q_proj.weight", wide * HEADS * headSize, WIDTH);
    add(prefix + "k_proj.weight", KV_HEADS * headSize, WIDTH);
    add(prefix + "v_proj.weight", KV_HEADS * headSize, WIDTH);
    add(prefix + "o_proj.weight", WIDTH, HEADS * headSize);
  }

  private void latentAttention(String prefix) {
    add(prefix + "q_proj.weight", HEADS * 24, WIDTH);
    add(prefix + "kv_a_proj_with_mqa.weight", 40, WIDTH);
    add(prefix + "kv_a_layernorm.weight", 32);
    add(prefix + "kv_b_proj.weight", HEADS * 32, 32);
    add(prefix + "o_proj.weight", WIDTH, HEADS * 16);
  }

  private void routed(String prefix) {
    add(prefix + "mlp.gate.weight", EXPERTS, WIDTH);
    experts(prefix + "mlp.experts.", "gate_proj", "up_proj", "down_proj");
  }

  private void experts(String prefix, String gate, String up, String down) {
    for (int e = 0; e < EXPERTS; e++) {
      add(prefix + e + "." + gate + ".weight", HIDDEN, WIDTH);
      add(prefix + e + "." + up + ".weight", HIDDEN, WIDTH);
      add(prefix + e + "." + down + ".weight", WIDTH, HIDDEN);
    }
  }

  private void network(String prefix, int hidden) {
    add(prefix + "gate_proj.weight", hidden, WIDTH);
    add(prefix + "up_proj.weight", hidden, WIDTH);
    add(prefix + "down_proj.weight", WIDTH, hidden);
  }

  /** The first layer's experts packed, the second's plain: both are about. */
  private void gptOss(String prefix, int layer) {
    String experts = prefix + "mlp.experts.";
    add(prefix + "self_attn.sinks", HEADS);
    add(prefix + "mlp.router.weight", EXPERTS, WIDTH);
    add(prefix + "mlp.router.bias", EXPERTS);
    add(experts + "gate_up_proj_bias", EXPERTS, 2 * HIDDEN);
    add(experts + "down_proj_bias", EXPERTS, WIDTH);
    if (layer == 0) {
      codes(experts + "gate_up_proj_blocks", 256, EXPERTS, 2 * HIDDEN, WIDTH / 32, 16);
      codes(experts + "gate_up_proj_scales", 20, EXPERTS, 2 * HIDDEN, WIDTH / 32);
      codes(experts + "down_proj_blocks", 256, EXPERTS, WIDTH, HIDDEN / 32, 16);
      codes(experts + "down_proj_scales", 20, EXPERTS, WIDTH, HIDDEN / 32);
    } else {
      add(experts + "gate_up_proj", EXPERTS, WIDTH, 2 * HIDDEN);
      add(experts + "down_proj", EXPERTS, HIDDEN, WIDTH);
    }
  }

  private void settings(String family) {
    switch (family) {
      case "MixtralForCausalLM", "PhimoeForCausalLM" -> moe("num_local_experts");
      case "Qwen2MoeForCausalLM" -> {
        moe("num_experts");
        config.put("moe_intermediate_size", HIDDEN);
        config.put("shared_expert_intermediate_size", 2 * HIDDEN);
      }
      case "Qwen3MoeForCausalLM" -> {
        moe("num_experts");
        config.put("moe_intermediate_size", HIDDEN);
        config.put("norm_topk_prob", true);
      }
      case "OlmoeForCausalLM" -> moe("num_experts");
      case "GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM" -> {
        moe("num_local_experts");
        config.put("embedding_multiplier", 6.0);
        config.put("residual_multiplier", 0.5);
        config.put("attention_multiplier", 0.25);
        config.put("logits_scaling", 3.0);
        if (family.contains("Shared")) {
          config.put("shared_intermediate_size", HIDDEN);
        }
      }
      case "DeepseekV2ForCausalLM" -> {
        moe("n_routed_experts");
        config.put("moe_intermediate_size", HIDDEN);
        config.put("n_shared_experts", 2);
        config.put("first_k_dense_replace", 1);
        config.put("num_key_value_heads", HEADS);
        config.put("kv_lora_rank", 32);
        config.putNull("q_lora_rank");
        config.put("qk_nope_head_dim", 16);
        config.put("qk_rope_head_dim", 8);
        config.put("v_head_dim", 16);
      }
      case "GptOssForCausalLM" -> {
        moe("num_local_experts");
        config.put("sliding_window", 16);
        config.put("head_dim", headSize);
      }
      default -> {}
    }
    if (hasDeltaNets(family)) {
      config.put("full_attention_interval", 2);
      config.put("linear_num_key_heads", DELTA_KEY_HEADS);
      config.put("linear_num_value_heads", DELTA_VALUE_HEADS);
      config.put("linear_key_head_dim", DELTA_HEAD);
      config.put("linear_value_head_dim", DELTA_HEAD);
      config.put("linear_conv_kernel_dim", DELTA_KERNEL);
    }
    if (hasDeltaNets(family) && hasGatedExpert(family)) {
      moe("num_experts");
      config.put("moe_intermediate_size", HIDDEN);
      config.put("shared_expert_intermediate_size", 2 * HIDDEN);
    }
    if (family.startsWith("Qwen3")) {
      config.put("head_dim", headSize);
    }
    if (family.startsWith("Phi")) {
      add("model.norm.bias", WIDTH);
      add("lm_head.bias", VOCABULARY);
    }
  }

  private void moe(String field) {
    config.put(field, EXPERTS);
    config.put("num_experts_per_tok", 2);
  }

  private void add(String name, int... shape) {
    var values = new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      // Eighths from -4 to 4: every type holds them exactly.
      values[i] = (random.nextInt(65) - 32) / 8f;
    }
    tensors.put(name, new Source(dtype, shape, values));
  }

  private void codes(String name, int limit, int... shape) {
    var values = new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = limit == 256 ? random.nextInt(256) : 118 + random.nextInt(limit);
    }
    tensors.put(name, new Source("U8", shape, values));
  }

  /** Writes the folder, in one file. */
  public Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.write(
        folder.resolve("model.safetensors"), safetensors(new ArrayList<>(tensors.keySet())));
    writeRest(folder);
    return folder;
  }

  /** Writes the folder, in shards and with an index. */
  public Path writeSharded(Path folder, int shards) throws IOException {
    Files.createDirectories(folder);
    List<String> names = new ArrayList<>(tensors.keySet());
    ObjectNode index = JSON.createObjectNode();
    ObjectNode map = index.putObject("weight_map");
    for (int s = 0; s < shards; s++) {
      String file = "model-%05d-of-%05d.safetensors".formatted(s + 1, shards);
      List<String> some = names.subList(names.size() * s / shards, names.size() * (s + 1) / shards);
      some.forEach(name -> map.put(name, file));
      Files.write(folder.resolve(file), safetensors(some));
    }
    Files.write(folder.resolve("model.safetensors.index.json"), JSON.writeValueAsBytes(index));
    writeRest(folder);
    return folder;
  }

  private void writeRest(Path folder) throws IOException {
    Files.write(folder.resolve("config.json"), JSON.writeValueAsBytes(config));
    Files.write(folder.resolve("tokenizer.json"), JSON.writeValueAsBytes(TinyTokenizer.json()));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}, \"chat_template\": \"hi\"}");
  }

  private byte[] safetensors(List<String> names) throws IOException {
    ObjectNode header = JSON.createObjectNode();
    header.putObject("__metadata__").put("format", "pt");
    var data = new ByteArrayOutputStream();
    for (String name : names) {
      Source source = tensors.get(name);
      ObjectNode entry = header.putObject(name);
      entry.put("dtype", source.dtype());
      var shape = entry.putArray("shape");
      Arrays.stream(source.shape()).forEach(shape::add);
      int begin = data.size();
      data.write(bytes(source));
      entry.putArray("data_offsets").add(begin).add(data.size());
    }
    byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
    var out = new ByteArrayOutputStream();
    out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array());
    out.write(json);
    data.writeTo(out);
    return out.toByteArray();
  }

  private static byte[] bytes(Source source) {
    float[] values = source.values();
    ByteBuffer out = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      switch (source.dtype()) {
        case "F32" -> out.putFloat(value);
        case "F16" -> out.putShort(Float.floatToFloat16(value));
        case "BF16" -> out.putShort((short) (Float.floatToRawIntBits(value) >> 16));
        default -> out.put((byte) value);
      }
    }
    return Arrays.copyOf(out.array(), out.position());
  }
}

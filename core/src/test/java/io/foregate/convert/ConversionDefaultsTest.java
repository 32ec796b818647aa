package io.foregate.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foregate.convert.family.HfFamilies;
import io.foregate.convert.source.HfConfig;
import io.foregate.convert.source.HfDefaults;
import io.foregate.convert.source.UnreadKeys;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufMetadata;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a folder leaves out, and what a file has no place for. */
class ConversionDefaultsTest {
  @TempDir Path folder;

  static List<String> classes() {
    return HfFamilies.names().toList();
  }

  @ParameterizedTest
  @MethodSource("classes")
  void everyClassHasDefaults(String name) {
    assertThat(HfDefaults.of(name).path("rope_theta").asDouble()).isPositive();
    assertThat(HfDefaults.of(name).path("rms_norm_eps").asDouble()).isPositive();
  }

  /** Made by scripts/convert-defaults.py from the classes; these are in their documentation. */
  @ParameterizedTest
  @CsvSource({
    "MixtralForCausalLM,llama,1e6",
    "LlamaForCausalLM,llama,1e4",
    "PhimoeForCausalLM,phimoe,1e6",
    "Qwen3MoeForCausalLM,qwen3moe,1e4"
  })
  void aMissingBaseIsTheClasses(String name, String architecture, float base) throws IOException {
    HfModel model = HfModel.of(name);
    model.config.remove("rope_theta");
    model.config.remove("rms_norm_eps");
    GgufMetadata metadata = metadata(model);
    assertThat(metadata.real(architecture + ".rope.freq_base")).isEqualTo(base);
    JsonNode epsilon = HfDefaults.of(name).path("rms_norm_eps");
    assertThat(metadata.real(architecture + ".attention.layer_norm_rms_epsilon"))
        .isEqualTo((float) epsilon.asDouble());
  }

  /** A null is said, not left out: transformers fills nothing in for it. */
  @Test
  void aNullIsNoDefault() throws IOException {
    HfModel model = HfModel.of("LlamaForCausalLM");
    model.config.putNull("num_key_value_heads");
    Path config = model.write(folder.resolve("null")).resolve("config.json");
    assertThat(HfConfig.read(config.getParent()).keyHeads()).isEqualTo(HfModel.HEADS);
  }

  /** Other spellings of a key are looked for before what the class fills in. */
  @Test
  void anotherSpellingIsNoMissingKey() throws IOException {
    HfModel model = HfModel.of("Qwen3MoeForCausalLM");
    assertThat(metadata(model).integer("qwen3moe.expert_count")).isEqualTo(HfModel.EXPERTS);
  }

  @Test
  void keepsAllTokensThatEndAnAnswer() throws IOException {
    HfModel model = HfModel.of("LlamaForCausalLM");
    Path source = model.write(folder.resolve("hf"));
    Files.writeString(
        source.resolve("generation_config.json"),
        "{\"eos_token_id\": [7, 1, 8, 9], \"typical_p\": 0.5}");
    try (Conversion conversion = Conversion.open(source, ConvertOptions.defaults())) {
      GgufMetadata metadata = conversion.metadata();
      assertThat(metadata.integer("tokenizer.ggml.eos_token_id")).isEqualTo(1);
      assertThat(metadata.integer("tokenizer.ggml.eot_token_id")).isEqualTo(7);
      assertThat(metadata.integer("tokenizer.ggml.eom_token_id")).isEqualTo(8);
      assertThat(conversion.notes())
          .containsExactly(
              "generation_config.json's 'typical_p' (0.5) has no place in the file",
              "token 9 ends an answer, too, which the file has no key for: it does where readers"
                  + " know its text");
    }
  }

  /** Inside the RoPE block or beside it: what is said is asked for before the class's. */
  @Test
  void aBaseThatIsSaidIsTaken() throws IOException {
    HfModel model = HfModel.of("GptOssForCausalLM");
    model.config.put("rope_theta", 5000.0);
    assertThat(metadata(model).real("gpt-oss.rope.freq_base")).isEqualTo(5000);
  }

  /** As transformers' class has it, out of which llama.cpp's converter reads, too. */
  @Test
  void gptOssWithoutARopeBlockIsYarn() throws IOException {
    HfModel model = HfModel.of("GptOssForCausalLM");
    model.config.remove("rope_theta");
    GgufMetadata metadata = metadata(model);
    assertThat(metadata.real("gpt-oss.rope.freq_base")).isEqualTo(150_000);
    assertThat(metadata.string("gpt-oss.rope.scaling.type")).isEqualTo("yarn");
    assertThat(metadata.real("gpt-oss.rope.scaling.factor")).isEqualTo(32);
    assertThat(metadata.integer("gpt-oss.rope.scaling.original_context_length")).isEqualTo(4096);
    assertThat(metadata.real("gpt-oss.rope.scaling.yarn_beta_fast")).isEqualTo(32);
    assertThat(metadata.real("gpt-oss.rope.scaling.yarn_beta_slow")).isEqualTo(1);
    assertThat(metadata.contains("gpt-oss.rope.scaling.yarn_attn_factor")).isFalse();
  }

  static JsonNode fields() throws IOException {
    try (InputStream in = ConversionDefaultsTest.class.getResourceAsStream("hf-fields.json")) {
      return new JsonMapper().readTree(in);
    }
  }

  /**
   * The table has the default of every field that a conversion asks for, and of no other class or
   * value. What classes have for fields is of scripts/convert-defaults.py --fields.
   */
  @ParameterizedTest
  @MethodSource("classes")
  void theTableIsWhatConversionsAskFor(String name) throws IOException {
    JsonNode fields = fields().path(name.replace("ForConditionalGeneration", "ForCausalLM"));
    JsonNode table = HfDefaults.of(name);
    table
        .properties()
        .forEach(
            entry -> {
              if (!entry.getKey().startsWith("rope_")) {
                assertThat(fields.path(entry.getKey())).isEqualTo(entry.getValue());
              }
            });
    Path source = model(name).write(folder.resolve("hf"));
    try (Conversion conversion = Conversion.open(source, ConvertOptions.defaults())) {
      for (String field : conversion.asked()) {
        JsonNode value = fields.path(field);
        if (!value.isMissingNode() && !value.isNull()) {
          assertThat(table.path(field)).as("%s: run the script", field).isEqualTo(value);
        }
      }
    }
    // Of a class that reads pictures, the text's part is another class.
    assertThat(HfDefaults.all().properties())
        .hasSize((int) classes().stream().filter(c -> c.endsWith("ForCausalLM")).count());
  }

  /** Each field of a class is read, or known to be harmless: with its default, nothing is told. */
  @ParameterizedTest
  @MethodSource("classes")
  void nothingIsToldOfAClassesOwnFields(String name) throws IOException {
    HfModel model = model(name);
    Path plain = model.write(folder.resolve("hf"));
    fields()
        .path(name)
        .properties()
        .forEach(entry -> model.config.set(entry.getKey(), entry.getValue()));
    model.config.putArray("architectures").add(name);
    HfConfig config = HfConfig.read(model.write(folder.resolve("fields")));
    try (Conversion conversion = Conversion.open(plain, ConvertOptions.defaults())) {
      conversion.asked().forEach(config::find);
    }
    // YaRN's bounds are whole numbers to every reader of GGUF files, but not to gpt-oss's class.
    String told = name.startsWith("GptOss") ? "'rope_parameters.truncate' (false)" : "";
    assertThat(UnreadKeys.note(config).orElse(": ")).endsWith(": " + told);
  }

  @Test
  void saysWhatTheFileHasNoPlaceFor() throws IOException {
    HfModel model = HfModel.of("LlamaForCausalLM");
    model.config.put("attn_logit_softcapping", 50.0).put("attention_dropout", 0.1);
    model.config.put("is_causal", true).putNull("logit_cap");
    model.config.putObject("rope_scaling").put("type", "linear").put("factor", 2).put("warp", 3);
    model.tensors.put(
        "model.layers.0.self_attn.rotary_emb.inv_freq",
        new HfModel.Source("F32", new int[] {1}, new float[1]));
    model.config.put("tie_word_embeddings", true);
    Path source = model.write(folder.resolve("hf"));
    try (Conversion conversion = Conversion.open(source, ConvertOptions.defaults())) {
      assertThat(conversion.notes())
          .containsExactly(
              "'model.layers.0.self_attn.rotary_emb.inv_freq' is left out: whoever reads the file"
                  + " computes such anew",
              "'lm_head.weight' is left out: config.json's 'tie_word_embeddings' says that the"
                  + " embedding is the output's, too",
              "config.json says what the file has no place for: 'attn_logit_softcapping'"
                  + " (50.0), 'rope_scaling.warp' (3)");
    }
  }

  @ParameterizedTest
  @CsvSource({"gptq,4,'gptq, 4 bits'", "awq,4,'awq, 4 bits'", "fp8,,fp8", "'',,does not name"})
  void refusesWeightsThatAreQuantizedAlready(String method, Integer bits, String words)
      throws IOException {
    HfModel model = HfModel.of("MixtralForCausalLM");
    ObjectNode config = model.config.putObject("quantization_config").put("quant_method", method);
    if (bits != null) {
      config.put("bits", bits);
    }
    Path source = model.write(folder.resolve("hf"));
    assertThatThrownBy(() -> Conversion.open(source, ConvertOptions.defaults()))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("config.json: 'quantization_config' says")
        .hasMessageContaining(words);
    config.put("quant_method", "mxfp4"); // gpt-oss's, whose tensors tell the rest
    metadata(model);
  }

  @Test
  void refusesLayersOfGptOssInAnotherOrder() throws IOException {
    HfModel model = HfModel.of("GptOssForCausalLM");
    model.config.putArray("layer_types").add("sliding_attention").add("full_attention");
    metadata(model);
    model.config.putArray("layer_types").add("full_attention").add("full_attention");
    Path source = model.write(folder.resolve("hf"));
    assertThatThrownBy(() -> Conversion.open(source, ConvertOptions.defaults()))
        .hasMessageContaining("'layer_types'");
  }

  /** The model of a class, whichever way that is spelled. */
  private static HfModel model(String name) {
    String kind = name.replace("PhiMoE", "Phimoe").replace("ForConditional", "ForCausal");
    HfModel model = HfModel.of(kind.replace("CausalGeneration", "CausalLM"));
    model.config.putArray("architectures").add(name);
    return model;
  }

  private GgufMetadata metadata(HfModel model) throws IOException {
    Path source = model.write(folder.resolve("hf"));
    try (Conversion conversion = Conversion.open(source, ConvertOptions.defaults())) {
      return conversion.metadata();
    }
  }
}

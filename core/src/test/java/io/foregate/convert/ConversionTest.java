package io.foregate.convert;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every family, tensor by tensor, against loops that say once more, and differently, where each
 * weight comes from. That the names and orders are the right ones is shown by
 * scripts/check-convert.py with transformers and llama.cpp.
 */
class ConversionTest {
  @TempDir private Path folder;

  static List<String> families() {
    return HfModel.families();
  }

  private Path convert(HfModel model, ConvertOptions options) throws IOException {
    Path source = model.writeSharded(folder.resolve("hf"), 3);
    Path target = folder.resolve("out.gguf");
    try (Conversion conversion = Conversion.open(source, options)) {
      conversion.write(target, ConvertListener.NONE, () -> false);
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(source, target);
    }
    return target;
  }

  @ParameterizedTest
  @MethodSource("families")
  void everyWeightLiesWhereReadersLookForIt(String family) throws IOException {
    HfModel model = HfModel.of(family);
    try (GgufFile file = GgufFile.open(convert(model, ConvertOptions.defaults()))) {
      Set<String> expected = new HashSet<>();
      var check = new ConversionCheck(model, file, expected);
      check.frame();
      for (int layer = 0; layer < HfModel.LAYERS; layer++) {
        check.layer(family, "model.layers." + layer + ".", "blk." + layer + ".", layer);
      }
      assertThat(file.tensors())
          .extracting(GgufTensor::name)
          .containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  @Test
  void typesAreAsAsked() throws IOException {
    for (String source : List.of("F32", "F16", "BF16")) {
      for (OutType type : OutType.values()) {
        HfModel model = HfModel.of("MixtralForCausalLM", source);
        Path out = convert(model, ConvertOptions.defaults().withType(type));
        try (GgufFile file = GgufFile.open(out)) {
          assertThat(file.tensor("blk.0.attn_norm.weight").type()).isEqualTo(GgmlType.F32);
          assertThat(file.tensor("blk.0.ffn_gate_inp.weight").type()).isEqualTo(GgmlType.F32);
          GgufTensor down = file.tensor("blk.1.ffn_down_exps.weight");
          assertThat(down.type()).isEqualTo(GgmlType.valueOf(type.name()));
          float[] values = ConversionCheck.floats(file, down);
          float[] expert =
              model.tensors.get("model.layers.1.block_sparse_moe.experts.3.w2.weight").values();
          for (int i = 0; i < expert.length; i++) {
            float error = type == OutType.Q8_0 ? 4 / 127f : 0;
            assertThat(Math.abs(values[3 * expert.length + i] - expert[i]))
                .isLessThanOrEqualTo(error);
          }
          assertThat(file.metadata().integer("general.file_type")).isEqualTo(type.fileType());
        }
        Files.delete(out);
      }
      HfModel model = HfModel.of("LlamaForCausalLM", source);
      Path out = convert(model, ConvertOptions.defaults());
      try (GgufFile file = GgufFile.open(out)) {
        assertThat(file.tensor("output.weight").type()).isEqualTo(GgmlType.valueOf(source));
      }
      Files.delete(out);
    }
  }

  @Test
  void tiedMatricesAreWrittenOnce() throws IOException {
    HfModel model = HfModel.of("Qwen3ForCausalLM");
    model.config.put("tie_word_embeddings", true);
    try (GgufFile file = GgufFile.open(convert(model, ConvertOptions.defaults()))) {
      assertThat(file.find("output.weight")).isEmpty();
    }
  }

  @Test
  void readsTheSizesOfDeltaNets() throws IOException {
    HfModel model = HfModel.of("Qwen3_5MoeForCausalLM");
    model.config.putObject("rope_parameters").putArray("mrope_section").add(2).add(1).add(1);
    try (GgufFile file = GgufFile.open(convert(model, ConvertOptions.defaults()))) {
      var metadata = file.metadata();
      assertThat(metadata.string("general.architecture")).isEqualTo("qwen35moe");
      assertThat(metadata.integer("qwen35moe.ssm.conv_kernel")).isEqualTo(4);
      assertThat(metadata.integer("qwen35moe.ssm.state_size")).isEqualTo(16);
      assertThat(metadata.integer("qwen35moe.ssm.group_count")).isEqualTo(2);
      assertThat(metadata.integer("qwen35moe.ssm.time_step_rank")).isEqualTo(6);
      assertThat(metadata.integer("qwen35moe.ssm.inner_size")).isEqualTo(96);
      assertThat(metadata.integer("qwen35moe.rope.dimension_count")).isEqualTo(8);
      assertThat(metadata.ints("qwen35moe.rope.dimension_sections")).containsExactly(2, 1, 1, 0);
      assertThat(metadata.get("qwen35moe.attention.recurrent_layers"))
          .hasValueSatisfying(flags -> assertThat(flags).isInstanceOf(GgufArray.class));
      assertThat(file.tensor("blk.0.ssm_conv1d.weight").type()).isEqualTo(GgmlType.F32);
    }
  }

  /** A folder of a model that reads pictures: its text's part is what is converted. */
  @Test
  void leavesPicturesAndPredictionOut() throws IOException {
    HfModel plain = HfModel.of("Qwen3_5MoeForCausalLM");
    HfModel whole = HfModel.of("Qwen3_5MoeForCausalLM");
    ObjectNode text = whole.config.deepCopy();
    text.remove("architectures");
    whole.config.removeAll();
    whole.config.putArray("architectures").add("Qwen3_5MoeForConditionalGeneration");
    whole.config.putObject("vision_config").put("hidden_size", 7);
    whole.config.set("text_config", text);
    List.copyOf(whole.tensors.keySet())
        .forEach(
            name -> {
              String inside = name.replaceFirst("^model\\.", "model.language_model.");
              whole.tensors.put(inside, whole.tensors.remove(name));
            });
    HfModel.Source one = new HfModel.Source("F32", new int[] {1}, new float[1]);
    whole.tensors.put("model.visual.merger.norm.weight", one);
    whole.tensors.put("mtp.fc.weight", one);
    Path alone = convert(plain, ConvertOptions.defaults().withName("model"));
    Path moved = Files.move(alone, folder.resolveSibling(folder.getFileName() + ".gguf"));
    try (var files = Files.walk(folder.resolve("hf"))) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
    Path out = convert(whole, ConvertOptions.defaults().withName("model"));
    try (Conversion conversion = Conversion.open(folder.resolve("hf"), ConvertOptions.defaults())) {
      assertThat(conversion.notes())
          .anySatisfy(note -> assertThat(note).contains("2 tensors are left out"));
    }
    assertThat(out).hasSameBinaryContentAs(moved);
    Files.delete(moved);
  }

  @Test
  void readsTheSizesOfLatentAttention() throws IOException {
    Path out = convert(HfModel.of("DeepseekV2ForCausalLM"), ConvertOptions.defaults());
    try (GgufFile file = GgufFile.open(out)) {
      var metadata = file.metadata();
      assertThat(metadata.string("general.architecture")).isEqualTo("deepseek2");
      assertThat(metadata.integer("deepseek2.attention.head_count_kv")).isEqualTo(1);
      assertThat(metadata.integer("deepseek2.attention.key_length")).isEqualTo(40);
      assertThat(metadata.integer("deepseek2.attention.key_length_mla")).isEqualTo(24);
      assertThat(metadata.integer("deepseek2.attention.value_length")).isEqualTo(32);
      assertThat(metadata.integer("deepseek2.rope.dimension_count")).isEqualTo(8);
      assertThat(metadata.integer("deepseek2.leading_dense_block_count")).isEqualTo(1);
      assertThat(metadata.integer("deepseek2.expert_shared_count")).isEqualTo(2);
      assertThat(metadata.contains("deepseek2.expert_weights_norm")).isFalse();
    }
  }

  /** Llama 3.1's published figures: high frequencies as they are, low ones divided by 8. */
  @Test
  void writesLlama3sFrequencyFactors() throws IOException {
    HfModel model = HfModel.of("LlamaForCausalLM");
    model
        .config
        .putObject("rope_scaling")
        .put("rope_type", "llama3")
        .put("factor", 8.0)
        .put("low_freq_factor", 1.0)
        .put("high_freq_factor", 4.0)
        .put("original_max_position_embeddings", 128);
    try (GgufFile file = GgufFile.open(convert(model, ConvertOptions.defaults()))) {
      float[] factors = ConversionCheck.floats(file, file.tensor("rope_freqs.weight"));
      assertThat(factors).hasSize(HfModel.WIDTH / HfModel.HEADS / 2);
      assertThat(factors[0]).isEqualTo(1);
      assertThat(factors[factors.length - 1]).isEqualTo(8);
      // Wavelength 62.8: (128 / 62.8 - 1) / 3 between, and 1 / ((1 - s) / 8 + s).
      double smooth = (128 / (20 * Math.PI) - 1) / 3;
      assertThat(factors[2])
          .isCloseTo(
              (float) (1 / ((1 - smooth) / 8 + smooth)),
              org.assertj.core.data.Offset.offset(1e-5f));
    }
  }
}

package io.foregate.model.reader;

import static io.foregate.gguf.GgmlType.F32;
import static io.foregate.oracle.TinyArchitecture.Part.EXPERT_BIAS;
import static io.foregate.oracle.TinyArchitecture.Part.EXPERT_WIDTH;
import static io.foregate.oracle.TinyArchitecture.Part.FUSED_GATE_UP;
import static io.foregate.oracle.TinyArchitecture.Part.HEAD_NORM;
import static io.foregate.oracle.TinyArchitecture.Part.QKV_BIAS;
import static io.foregate.oracle.TinyArchitecture.Part.SEPARATE_EXPERTS;
import static io.foregate.oracle.TinyArchitecture.Part.SHARED_EXPERT;
import static io.foregate.oracle.TinyArchitecture.Part.SHARED_GATE;
import static io.foregate.oracle.TinyArchitecture.Part.WIDTH_NORM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.model.Families;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.oracle.TinyArchitecture;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of files that are not what their architecture says. */
class FamilyFilesTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"qwen3vlmoe,qwen3moe", "glm4moe,olmoe", "gpt-neox,gpt-oss", "llama4,llama"})
  void aMissingFamilyIsNamedAndSoIsTheClosest(String architecture, String closest) {
    assertThatThrownBy(() -> Families.of(architecture, "model.gguf"))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> {
              assertThat(e)
                  .hasMessage(
                      "model.gguf has architecture '%s', which is not supported.", architecture);
              assertThat(e.hint())
                  .contains("llama, olmoe")
                  .endsWith("The closest is '%s'.".formatted(closest));
            });
  }

  static List<Arguments> contradictions() {
    return List.of(
        Arguments.of(TinyArchitecture.of("qwen3moe", EXPERT_WIDTH), "'blk.0.attn_q_norm.weight'"),
        Arguments.of(
            TinyArchitecture.of("qwen3moe", EXPERT_WIDTH, WIDTH_NORM),
            "tensor 'blk.0.attn_q_norm.weight' has shape [256], expected [64] from the metadata."),
        Arguments.of(
            TinyArchitecture.of("olmoe", HEAD_NORM),
            "tensor 'blk.0.attn_q_norm.weight' has shape [64], expected [256] from the metadata."),
        Arguments.of(
            TinyArchitecture.of("olmoe", WIDTH_NORM, EXPERT_BIAS),
            "tensor 'blk.0.ffn_gate_exps.bias' has no meaning in architecture 'olmoe' as Foregate"
                + " knows it."),
        Arguments.of(TinyArchitecture.of("qwen2moe"), "'blk.0.attn_q.bias'"),
        Arguments.of(TinyArchitecture.of("qwen2moe", QKV_BIAS), "'blk.0.ffn_gate_shexp.weight'"),
        Arguments.of(
            TinyArchitecture.of("qwen3moe", HEAD_NORM)
                .with(Map.of("expert_feed_forward_length", new GgufValue.U32(64))),
            "tensor 'blk.0.ffn_gate_exps.weight' has shape [256, 256, 4], expected [256, 64, 4]"
                + " from the metadata."),
        Arguments.of(
            TinyArchitecture.of("llama").with(Map.of("expert_group_count", new GgufValue.U32(3))),
            "'llama.expert_group_count' is 3, expected a divisor of 4."),
        Arguments.of(
            TinyArchitecture.of("llama")
                .with(Map.of("rope.scaling.type", new GgufValue.Str("dynamic"))),
            "RoPE scaling 'dynamic' is not supported."),
        Arguments.of(
            TinyArchitecture.of("granitemoe").with(Map.of("logit_scale", new GgufValue.F32(0))),
            "'granitemoe.logit_scale' is 0.0, expected a finite number above 0."),
        Arguments.of(TinyArchitecture.of("gpt-oss"), "'gpt-oss.attention.sliding_window'"));
  }

  @ParameterizedTest
  @MethodSource("contradictions")
  void aFileThatContradictsItselfIsASentence(TinyArchitecture architecture, String sentence)
      throws IOException {
    TinyModel model = TinyModel.mixture("contradiction", F32).with(architecture);
    Path path = TinyModelWriter.write(model, folder);
    try (GgufFile file = GgufFile.open(path)) {
      assertThatThrownBy(() -> ModelReader.read(file, ModelConfigReader.read(file)))
          .isInstanceOf(ForegateException.class)
          .message()
          .contains(path.getFileName().toString())
          .contains(sentence);
    }
  }

  /** Mixtral's first files have a tensor for each expert. */
  @Test
  void expertsInTensorsOfTheirOwnAreTheSame() throws IOException {
    TinyModel stacked = TinyModel.mixture("experts", F32);
    TinyModel separate = stacked.with(TinyArchitecture.of("llama", SEPARATE_EXPERTS));
    try (GgufFile one = GgufFile.open(TinyModelWriter.write(stacked, folder.resolve("one")));
        GgufFile other = GgufFile.open(TinyModelWriter.write(separate, folder.resolve("other")))) {
      ModelWeights expected = ModelReader.read(one, ModelConfigReader.read(one));
      ModelWeights found = ModelReader.read(other, ModelConfigReader.read(other));
      for (int layer = 0; layer < found.layers().size(); layer++) {
        assertSame(experts(found, layer).gate(), experts(expected, layer).gate());
        assertSame(experts(found, layer).up(), experts(expected, layer).up());
        assertSame(experts(found, layer).down(), experts(expected, layer).down());
      }
    }
  }

  /** Of each expert, first all rows of the gate, then all of the other. */
  @Test
  void gateAndUpMayShareATensor() throws IOException {
    TinyArchitecture fused = TinyArchitecture.of("qwen3moe", HEAD_NORM, FUSED_GATE_UP);
    Path path = TinyModelWriter.write(TinyModel.mixture("fused", F32).with(fused), folder);
    try (GgufFile file = GgufFile.open(path)) {
      ModelConfig config = ModelConfigReader.read(file);
      ExpertTensors experts = experts(ModelReader.read(file, config), 1);
      MemorySegment all = file.data(file.tensor("blk.1.ffn_gate_up_exps.weight"));
      long bytes = all.byteSize() / config.experts() / 2;
      for (int e = 0; e < config.experts(); e++) {
        MemorySegment gate = all.asSlice(2L * e * bytes, bytes);
        MemorySegment up = all.asSlice((2L * e + 1) * bytes, bytes);
        assertThat(experts.gate().get(e).data().mismatch(gate)).isEqualTo(-1);
        assertThat(experts.up().get(e).data().mismatch(up)).isEqualTo(-1);
      }
    }
  }

  /** Converters write the shared expert's gate as a vector, or as a matrix of one row. */
  @Test
  void aVectorMayBeAMatrixOfOneRow() throws IOException {
    TinyArchitecture gated =
        TinyArchitecture.of("qwen2moe", QKV_BIAS, EXPERT_WIDTH, SHARED_EXPERT, SHARED_GATE);
    Path vector = TinyModelWriter.write(TinyModel.mixture("gated", F32).with(gated), folder);
    Path matrix = folder.resolve("matrix.gguf");
    try (GgufFile one = GgufFile.open(vector)) {
      writeWithMatrices(one, matrix);
      try (GgufFile other = GgufFile.open(matrix)) {
        assertThat(other.tensor("blk.0.ffn_gate_inp_shexp.weight").rank()).isEqualTo(2);
        ModelWeights expected = ModelReader.read(one, ModelConfigReader.read(one));
        ModelWeights found = ModelReader.read(other, ModelConfigReader.read(other));
        for (int layer = 0; layer < found.layers().size(); layer++) {
          assertThat(sharedGate(found, layer)).containsExactly(sharedGate(expected, layer));
        }
      }
    }
  }

  /** Writes the model again, its shared experts' gates with one dimension more. */
  private static void writeWithMatrices(GgufFile file, Path target) {
    try (GgufWriter writer = GgufWriter.to(target)) {
      writer.metadata(file.metadata());
      for (GgufTensor tensor : file.tensors()) {
        List<Long> shape = new ArrayList<>(tensor.shape());
        if (tensor.name().endsWith("ffn_gate_inp_shexp.weight")) {
          shape.add(1L);
        }
        writer.tensor(tensor.name(), tensor.type(), shape, file.data(tensor));
      }
      writer.write();
    }
  }

  private static float[] sharedGate(ModelWeights weights, int layer) {
    var routed = (FeedForward.Routed) weights.layers().get(layer).feedForward();
    return routed.shared().orElseThrow().gate();
  }

  private static ExpertTensors experts(ModelWeights weights, int layer) {
    return ((FeedForward.Routed) weights.layers().get(layer).feedForward()).experts();
  }

  private static void assertSame(List<Matrix> found, List<Matrix> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int e = 0; e < found.size(); e++) {
      assertThat(found.get(e).data().mismatch(expected.get(e).data())).isEqualTo(-1);
    }
  }
}

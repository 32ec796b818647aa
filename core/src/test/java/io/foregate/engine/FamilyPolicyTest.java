package io.foregate.engine;

import static io.foregate.gguf.GgmlType.F32;
import static io.foregate.gguf.GgmlType.Q8_0;
import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufValue;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.oracle.TinyArchitecture;
import io.foregate.oracle.TinyArchitecture.Part;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModel.FeedForward;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.policy.PredictorKind;
import io.foregate.schedule.state.ScheduleStatistics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Policies change no bit of fine-grained models either: many narrow experts, shared ones beside
 * them, biases that stay when experts move.
 */
class FamilyPolicyTest {
  @TempDir static Path folder;

  private static TinyModel fine(String name, GgmlType type, TinyArchitecture architecture) {
    return TinyModel.mixture(name, type)
        .with(architecture)
        .with(new FeedForward(type, 32, 32, 4, F32));
  }

  static Stream<Arguments> modelsAndPolicies() {
    Stream<TinyModel> models =
        Stream.of(
            fine(
                "fine-qwen3moe",
                Q8_0,
                TinyArchitecture.of("qwen3moe", Part.HEAD_NORM, Part.EXPERT_WIDTH)),
            fine(
                "fine-qwen2moe",
                F32,
                TinyArchitecture.of(
                    "qwen2moe",
                    Part.QKV_BIAS,
                    Part.EXPERT_WIDTH,
                    Part.SHARED_EXPERT,
                    Part.SHARED_GATE)),
            fine(
                "fine-gpt-oss",
                F32,
                TinyArchitecture.of(
                        "gpt-oss",
                        Part.QKV_BIAS,
                        Part.ATTENTION_OUTPUT_BIAS,
                        Part.EXPERT_BIAS,
                        Part.SINKS,
                        Part.POST_ATTENTION_NORM)
                    .with(Map.of("attention.sliding_window", new GgufValue.U32(24)))));
    return models.flatMap(
        model ->
            Policy.all().stream()
                .filter(policy -> policy.prediction().predictor() != PredictorKind.ORACLE)
                .map(policy -> Arguments.of(model, policy)));
  }

  @ParameterizedTest
  @MethodSource("modelsAndPolicies")
  void noPolicyChangesABit(TinyModel model, Policy policy) throws IOException {
    Path file = TinyModelWriter.write(model, folder);
    float[] expected = logits(file, model, Offloading.resident());
    String slots = policy.name().equals("resident") ? "100%" : "25%";
    float[] found = logits(file, model, Offloading.of(policy.name(), slots));
    assertThat(found).containsExactly(expected);
  }

  /** A prompt in one batch, then token by token. */
  private static float[] logits(Path file, TinyModel model, Offloading experts) {
    int[] tokens = model.tokens();
    int prompt = tokens.length / 2;
    ModelOptions options =
        ModelOptions.defaults().withThreads(2).withContext(tokens.length).withOffloading(experts);
    try (Engine engine = Engine.open(file, options);
        Session session = engine.newSession()) {
      session.feed(tokens, 0, prompt);
      for (int i = prompt; i < tokens.length; i++) {
        session.feed(tokens, i, i + 1);
      }
      engine
          .scheduleStatistics()
          .map(ScheduleStatistics::copiedBytes)
          .ifPresent(bytes -> assertThat(bytes).isPositive());
      return session.logits().clone();
    }
  }
}

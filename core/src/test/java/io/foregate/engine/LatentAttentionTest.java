package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufValue;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.oracle.TinyDeepSeek;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.policy.PredictorKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Models whose keys and values are compressed, and whose first layer has no experts. */
class LatentAttentionTest {
  private static final int LAYERS = 4;
  private static final int CONTEXT = 100;
  private static final int PROMPT = 24;

  @TempDir private static Path folder;
  private static TinyModel tiny;
  private static Path model;

  @BeforeAll
  static void write() throws IOException {
    tiny = TinyDeepSeek.lite("latent-policies", LAYERS, Map.of());
    model = TinyModelWriter.write(tiny, folder);
  }

  private static ModelOptions options() {
    return ModelOptions.defaults().withThreads(2).withContext(CONTEXT);
  }

  private static Stream<Arguments> policiesAndBudgets() {
    return Policy.all().stream()
        .filter(policy -> policy.prediction().predictor() != PredictorKind.ORACLE) // knows a trace
        .flatMap(
            policy ->
                Stream.of("8", "50%", "100%")
                    .filter(slots -> !policy.name().equals("resident") || slots.equals("100%"))
                    .map(slots -> Arguments.of(policy, slots)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("policiesAndBudgets")
  void noPolicyChangesABit(Policy policy, String slots) {
    List<float[]> expected = logits(options());
    Offloading experts = Offloading.of(policy.name(), slots);
    List<float[]> logits = logits(options().withOffloading(experts));
    for (int i = 0; i < expected.size(); i++) {
      assertThat(logits.get(i)).as("logits %d", i).containsExactly(expected.get(i));
    }
  }

  /** Logits after a prompt, and after each token behind it. */
  private static List<float[]> logits(ModelOptions options) {
    int[] tokens = tiny.tokens();
    List<float[]> all = new ArrayList<>();
    try (Engine engine = Engine.open(model, options);
        Session session = engine.newSession()) {
      session.feed(tokens, 0, PROMPT);
      all.add(session.logits().clone());
      for (int i = PROMPT; i < tokens.length; i++) {
        session.feed(tokens, i, i + 1);
        all.add(session.logits().clone());
      }
    }
    return all;
  }

  /** The latent's 96 elements and 16 of the shared key, for 128 positions: two whole tiles. */
  @ParameterizedTest
  @EnumSource
  void keepsOneLatentOfAPosition(KvType type) {
    try (Engine engine = Engine.open(model, options().withKvType(type));
        Session session = engine.newSession()) {
      assertThat(session.kvBytes()).isEqualTo(LAYERS * 128L * (96 + 16) * type.bytes());
    }
  }

  @Test
  void refusesMetadataThatContradictsItself() throws IOException {
    refusesLite("rope.dimension_count", 48, "is 48, expected below 48");
    refusesLite("attention.kv_lora_rank", 0, "is 0, expected 1 to");
    refusesLite("attention.kv_lora_rank", 64, "attn_kv_a_mqa", "expected [256, 80]");
    refusesLite("attention.value_length", 32, "attn_kv_b", "expected [96, 256]");
    refusesLite("attention.q_lora_rank", 128, "attn_q_a.weight' is missing");
    refusesLite("expert_shared_count", 3, "ffn_gate_shexp", "expected [256, 288]");
    refusesLite("leading_dense_block_count", 9, "is 9, expected 0 to 1");
    refusesLite("leading_dense_block_count", 2, "is 2, expected 0 to 1");
    refusesSplit("attention.head_count_kv", 4, "is 4, expected 1");
    refusesSplit("attention.key_length", 192, "is 192, expected 112");
    refusesSplit("attention.key_length_mla", 64, "attn_q_b", "expected [128, 256]");
    refusesSplit("expert_group_count", 3, "is 3, expected a divisor of 8");
    refusesSplit("expert_group_used_count", 1, "is 3, expected at most the 2 experts of 1 groups");
    refusesSplit("expert_gating_func", 4, "is 4, which asks for another function");
    refuses(
        TinyDeepSeek.lite("bad", 2, Map.of("attention.temperature_scale", new GgufValue.F32(0.1f))),
        "scaled by their position");
  }

  private static void refusesLite(String key, int value, String... words) throws IOException {
    refuses(TinyDeepSeek.lite("bad", 2, Map.of(key, new GgufValue.U32(value))), words);
  }

  private static void refusesSplit(String key, int value, String... words) throws IOException {
    refuses(TinyDeepSeek.grouped("bad", Map.of(key, new GgufValue.U32(value))), words);
  }

  private static void refuses(TinyModel bad, String... words) throws IOException {
    Path file = TinyModelWriter.write(bad, folder);
    assertThatThrownBy(() -> Engine.open(file, options()).close())
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> assertThat(e.getMessage()).contains(file.toString()).contains(words));
  }
}

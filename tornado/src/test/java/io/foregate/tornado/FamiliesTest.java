package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.BackendModel;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.tornado.device.TornadoSettings;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every family on the device beside the CPU, fed the same tokens: past sliding windows and original
 * contexts, a token at a time and in batches.
 */
class FamiliesTest {
  private static final int POSITIONS = 72;
  private static final int CONTEXT = 80;
  private static final int BATCH = 24;
  private static final double TOLERANCE = 1e-4;

  /** Numbers that differ in the last bit may become different f16 in the cache. */
  private static final double HALF_TOLERANCE = 1e-3;

  @BeforeAll
  static void settings() {
    TornadoSettings.apply();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama",
        "qwen2",
        "qwen3",
        "olmoe",
        "granitemoe",
        "phimoe",
        "gpt-oss",
        "deepseek2"
      })
  void attention(String architecture) {
    compare(TinyFamily.dense(architecture, CONTEXT), KvType.F16, HALF_TOLERANCE);
  }

  /** Grouped queries, keys longer than values; sinks and windows; norms of both; latents. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt-oss", "qwen3", "deepseek2"})
  void attentionOverACacheOfFloats(String architecture) {
    compare(TinyFamily.dense(architecture, CONTEXT), KvType.F32, TOLERANCE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama",
        "qwen2moe",
        "qwen3moe",
        "olmoe",
        "granitemoe",
        "phimoe",
        "gpt-oss",
        "deepseek2"
      })
  void experts(String architecture) {
    compare(TinyFamily.routed(architecture, CONTEXT), KvType.F32, TOLERANCE);
  }

  @Test
  void latentsWithQueriesOfLowRank() {
    compare(TinyFamily.lowRank(CONTEXT), KvType.F32, TOLERANCE);
  }

  private static void compare(TinyFamily tiny, KvType kvType, double tolerance) {
    ModelWeights exact = ExactWeights.of(tiny.weights());
    var run = new TeacherForced(tiny.config(), exact, POSITIONS, kvType, tolerance);
    try (BackendModel cpu = new CpuBackend().open(tiny.config(), exact, 2)) {
      run.record(cpu);
    }
    try (BackendModel device =
        new TornadoModel(tiny.config(), tiny.weights(), 1L << 32, 1L << 32)) {
      assertThat(run.error(device, 1)).as("alone").isLessThan(tolerance);
      assertThat(run.error(device, BATCH)).as("in batches").isLessThan(tolerance);
    }
  }
}

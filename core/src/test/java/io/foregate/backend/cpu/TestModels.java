package io.foregate.backend.cpu;

import io.foregate.model.AttentionConfig;
import io.foregate.model.Families;
import io.foregate.model.ModelConfig;
import io.foregate.model.MoeConfig;
import io.foregate.model.RopeConfig;
import io.foregate.model.RopeStyle;
import io.foregate.model.RouterConfig;
import io.foregate.model.RouterScore;
import io.foregate.model.Scales;

/** Configurations for tests of single parts. */
final class TestModels {
  private TestModels() {}

  static ModelConfig attention(int heads, int kvHeads, int headSize) {
    return config(AttentionConfig.of(heads, kvHeads, headSize), MoeConfig.NONE);
  }

  static ModelConfig attention(AttentionConfig facts) {
    return config(facts, MoeConfig.NONE);
  }

  static ModelConfig router(int experts, int used) {
    return router(experts, used, RouterConfig.of(RouterScore.SOFTMAX, true));
  }

  static ModelConfig router(int experts, int used, RouterConfig facts) {
    return config(AttentionConfig.of(1, 1, 32), new MoeConfig(experts, used, 32, 0, 0, facts));
  }

  private static ModelConfig config(AttentionConfig attention, MoeConfig moe) {
    return new ModelConfig(
        "test",
        Families.of("llama", "test"),
        2,
        32,
        attention,
        32,
        moe,
        16,
        4096,
        1e-5f,
        new RopeConfig(RopeStyle.NORM, attention.keySize(), 10_000f, 1f, new float[0]),
        Scales.NONE);
  }
}

package io.foregate.backend.cpu;

import io.foregate.model.AttentionFacts;
import io.foregate.model.Families;
import io.foregate.model.Mixture;
import io.foregate.model.ModelConfig;
import io.foregate.model.RopeFacts;
import io.foregate.model.RopeStyle;
import io.foregate.model.RouterFacts;
import io.foregate.model.RouterScore;
import io.foregate.model.Scales;

/** Configurations for tests of single parts. */
final class TestModels {
  private TestModels() {}

  static ModelConfig attention(int heads, int kvHeads, int headSize) {
    return config(AttentionFacts.of(heads, kvHeads, headSize), Mixture.NONE);
  }

  static ModelConfig attention(AttentionFacts facts) {
    return config(facts, Mixture.NONE);
  }

  static ModelConfig router(int experts, int used) {
    return router(experts, used, RouterFacts.of(RouterScore.SOFTMAX, true));
  }

  static ModelConfig router(int experts, int used, RouterFacts facts) {
    return config(AttentionFacts.of(1, 1, 32), new Mixture(experts, used, 32, 0, 0, facts));
  }

  private static ModelConfig config(AttentionFacts attention, Mixture mixture) {
    return new ModelConfig(
        "test",
        Families.of("llama", "test"),
        2,
        32,
        attention,
        32,
        mixture,
        16,
        4096,
        1e-5f,
        new RopeFacts(RopeStyle.NORM, attention.keySize(), 10_000f, 1f, new float[0]),
        Scales.NONE);
  }
}

package io.foregate.backend.cpu;

import io.foregate.model.Family;
import io.foregate.model.ModelConfig;
import io.foregate.model.RopeFacts;
import io.foregate.model.RopeStyle;

/** Configurations for tests of single parts. */
final class TestModels {
  private TestModels() {}

  static ModelConfig attention(int heads, int kvHeads, int headSize) {
    return config(heads, kvHeads, headSize, 0, 0);
  }

  static ModelConfig router(int experts, int used) {
    return config(1, 1, 32, experts, used);
  }

  private static ModelConfig config(int heads, int kvHeads, int headSize, int experts, int used) {
    return new ModelConfig(
        "test",
        Family.of("llama", "test"),
        2,
        32,
        heads,
        kvHeads,
        headSize,
        32,
        experts,
        used,
        16,
        4096,
        1e-5f,
        new RopeFacts(RopeStyle.NORM, headSize, 10_000f, 1f, new float[0]));
  }
}

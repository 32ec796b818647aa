package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.model.RopeConfig;
import io.foregate.model.RopeStyle;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Holds the rotation to its formula, pair by pair. */
class RotaryEmbeddingTest {
  private static final int HEAD = 12;
  private static final int ROTATED = 8;
  private static final int HEADS = 3;

  @ParameterizedTest
  @EnumSource(RopeStyle.class)
  void rotatesPairsByTheirAngles(RopeStyle style) {
    float[] factors = {1f, 2f, 4f, 8f};
    var facts = new RopeConfig(style, ROTATED, 500f, 0.5f, factors);
    var rope = new RotaryEmbedding(facts);
    int position = 37;
    int tokens = 4;
    rope.prepare(position, tokens);
    Random random = new Random(1);
    for (int t = 0; t < tokens; t++) {
      float[] before = new float[5 + HEADS * HEAD];
      for (int i = 0; i < before.length; i++) {
        before[i] = random.nextFloat() - 0.5f;
      }
      float[] after = before.clone();
      rope.rotate(after, 5, HEADS, HEAD, t);
      float[] expected = before.clone();
      for (int head = 0; head < HEADS; head++) {
        for (int pair = 0; pair < ROTATED / 2; pair++) {
          int base = 5 + head * HEAD;
          int a = base + (style == RopeStyle.NORM ? 2 * pair : pair);
          int b = base + (style == RopeStyle.NORM ? 2 * pair + 1 : pair + ROTATED / 2);
          double angle =
              (position + t) * 0.5 * Math.pow(500, -2.0 * pair / ROTATED) / factors[pair];
          expected[a] = (float) (before[a] * Math.cos(angle) - before[b] * Math.sin(angle));
          expected[b] = (float) (before[a] * Math.sin(angle) + before[b] * Math.cos(angle));
        }
      }
      for (int i = 0; i < after.length; i++) {
        assertThat(after[i])
            .as("element %d", i)
            .isBetween(expected[i] - 1e-6f, expected[i] + 1e-6f);
      }
    }
  }
}

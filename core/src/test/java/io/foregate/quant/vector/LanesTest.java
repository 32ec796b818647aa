package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LanesTest {
  /** Often enough for the JIT to compile both sides on the way. */
  private static final int ROUNDS = 30_000;

  @Test
  void sumsInTheSameOrderInterpretedAndCompiled() {
    Random random = new Random(1);
    float[] values = new float[Lanes.N];
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < Lanes.N; i++) {
        values[i] = (float) random.nextGaussian();
      }
      assertThat(Lanes.sum(Lanes.load(values, 0))).isEqualTo(pairwise(values));
    }
  }

  /** Halves are added until two elements are left. */
  private static float pairwise(float[] values) {
    float[] v = values.clone();
    for (int half = v.length / 2; half >= 2; half /= 2) {
      for (int i = 0; i < half; i++) {
        v[i] += v[i + half];
      }
    }
    return v[0] + v[1];
  }
}

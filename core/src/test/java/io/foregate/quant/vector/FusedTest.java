package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Without the instruction a fused multiply-add has the same bits. */
class FusedTest {
  private static final int TRIES = 20_000;

  @Test
  void ofAnyBits() {
    var random = new Random(1);
    for (int i = 0; i < TRIES; i++) {
      check(any(random), any(random), any(random));
    }
  }

  @Test
  void ofSumsThatAlmostVanish() {
    var random = new Random(2);
    for (int i = 0; i < TRIES; i++) {
      float a = random.nextFloat(1, 2);
      float b = random.nextFloat(1, 2);
      float c = -a * b * (1 + random.nextInt(-2, 3) * 0x1p-23f);
      check(a, b, c);
      check(a * 0x1p-75f, b * 0x1p-70f, c * 0x1p-73f * 0x1p-72f);
    }
  }

  /** The products are midway between two floats; what is added is beyond a double's precision. */
  @Test
  void ofAlmostTies() {
    for (float small : new float[] {0x1p-60f, -0x1p-60f, 0x1p-100f, -0x1p-100f, Float.MIN_VALUE}) {
      check(1 + 0x1p-12f, 1 + 0x1p-12f, small);
      check(1 + 0x1p-12f, -1 - 0x1p-12f, small);
      check(1 + 0x1p-23f, 1.5f, small);
      check(1 + 0x1p-23f, -1.5f, small);
      check(1 + 3 * 0x1p-23f, 1.5f, small);
      check(1 + 3 * 0x1p-23f, -1.5f, small);
    }
  }

  @Test
  void ofZerosAndWhatIsNotFinite() {
    float[] values = {
      0f,
      -0f,
      1f,
      -1f,
      Float.MIN_VALUE,
      Float.MIN_NORMAL,
      Float.MAX_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN
    };
    for (float a : values) {
      for (float b : values) {
        for (float c : values) {
          check(a, b, c);
          check(a, b, -c);
        }
      }
    }
  }

  private static float any(Random random) {
    return Float.intBitsToFloat(random.nextInt());
  }

  private static void check(float a, float b, float c) {
    int expected = Float.floatToIntBits(Math.fma(a, b, c));
    int actual = Float.floatToIntBits(Fused.withoutInstruction(a, b, c));
    assertThat(actual).as("%s * %s + %s", a, b, c).isEqualTo(expected);
  }
}

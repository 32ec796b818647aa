package io.foregate.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgmlType;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Activations of the vector kernels hold the same bits as those of the scalar kernels. */
class ActivationTest {
  private static final int COLS = 512;

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F32", "F16", "BF16", "Q8_0", "Q8_1", "Q8_K"})
  void vectorAndScalarAgreeBitByBit(GgmlType type) {
    Random random = new Random(3);
    for (float scale : new float[] {1, 1e-30f, 1e-42f, 1e30f, Float.MAX_VALUE / 8}) {
      float[] x = new float[COLS];
      FloatArrays.setAll(x, i -> (float) random.nextGaussian() * scale);
      assertSameBits(type, x);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"Q8_0", "Q8_1", "Q8_K"})
  void extremeBlocksAgreeToo(GgmlType type) {
    Random random = new Random(4);
    float[] ties = new float[COLS];
    FloatArrays.setAll(ties, i -> i % 32 == 0 ? 127 : random.nextInt(-126, 126) + 0.5f);
    assertSameBits(type, ties);
    assertSameBits(type, new float[COLS]);
    float[] alternating = new float[COLS];
    FloatArrays.setAll(alternating, i -> (i & 1) == 0 ? -7 : 7);
    assertSameBits(type, alternating);
    float[] spike = new float[COLS];
    spike[33] = -Float.MIN_VALUE;
    spike[300] = 65504;
    assertSameBits(type, spike);
  }

  private static void assertSameBits(GgmlType type, float[] x) {
    Activation scalar = new Activation(new ScalarKernels(), 1, COLS);
    Activation vector = new Activation(new PanamaKernels(), 1, COLS);
    scalar.set(type, x, 0, COLS, 0);
    vector.set(type, x, 0, COLS, 0);
    assertThat(vector.values).isEqualTo(scalar.values);
    assertThat(vector.codes).isEqualTo(scalar.codes);
    assertThat(vector.scales).isEqualTo(scalar.scales);
    if (type != GgmlType.Q8_0) {
      assertThat(vector.sums32).isEqualTo(scalar.sums32);
    }
    assertThat(vector.sums16).isEqualTo(scalar.sums16);
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F32", "F16", "BF16", "Q8_0", "Q8_1", "Q8_K"})
  void aBlockThatIsNotFiniteHasNoFiniteScale(GgmlType type) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (VectorKernels k : new VectorKernels[] {new ScalarKernels(), new PanamaKernels()}) {
        float[] x = new float[COLS];
        Arrays.fill(x, 1);
        x[40] = bad;
        Activation a = new Activation(k, 1, COLS);
        a.set(type, x, 0, COLS, 0);
        float spoiled = type.blockSize() == 1 ? a.values[40] : a.scales[40 / 32];
        assertThat(Float.isFinite(spoiled)).isFalse();
        assertThat(a.values[300]).isNotNaN();
      }
    }
  }

  @Test
  void aRowThatDoesNotFitIsRefused() {
    Activation a = new Activation(new ScalarKernels(), 1, COLS);
    assertThatThrownBy(() -> a.set(GgmlType.Q8_K, new float[1024], 0, 1024, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 512");
    assertThatThrownBy(() -> a.set(GgmlType.Q8_K, new float[1024], 0, 100, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("multiple of 256");
  }
}

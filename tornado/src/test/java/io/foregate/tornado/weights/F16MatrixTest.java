package io.foregate.tornado.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.format.Quants;
import io.foregate.tornado.kernels.TestMatrix;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights that kernels read as f16 instead of in their own type. */
class F16MatrixTest {
  private static final int ROWS = 16;
  private static final int COLUMNS = 512;

  /** Half of the last bit of an f16's 11. */
  private static final float ROUNDING = 0x1p-11f;

  /** Half of the last bit of f16 that are too small for 11. */
  private static final float SMALLEST = 0x1p-25f;

  @ParameterizedTest
  @EnumSource(names = {"IQ3_S", "IQ3_XXS", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_S"})
  void codebooksAreRoundedByOnePartIn2048AtMost(GgmlType type) {
    var random = new Random(type.id());
    TestMatrix exact = TestMatrix.codebook(type, ROWS, COLUMNS, 0.05f, random);
    try (Arena arena = Arena.ofConfined()) {
      Matrix f16 = F16Matrix.of(exact.matrix(), arena);
      assertThat(f16.type()).isEqualTo(GgmlType.F16);
      float[] found = new float[ROWS * COLUMNS];
      Quants.decode(GgmlType.F16, f16.data(), 0, found, 0, found.length);
      for (int i = 0; i < found.length; i++) {
        float weight = exact.decoded()[i];
        float most = Math.max(Math.abs(weight) * ROUNDING, SMALLEST);
        assertThat(found[i]).isCloseTo(weight, within(most));
      }
    }
  }

  @Test
  void whatKernelsReadIsLeftAlone() {
    Matrix matrix = TestMatrix.random(GgmlType.Q4_K, ROWS, COLUMNS, new Random(1)).matrix();
    assertThat(F16Matrix.of(matrix, Arena.global())).isSameAs(matrix);
  }

  @Test
  void refusesWeightsBeyondF16() {
    Matrix matrix = TestMatrix.random(GgmlType.BF16, ROWS, 32, 1e5f, new Random(1)).matrix();
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> F16Matrix.of(matrix, arena))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("as F16");
    }
  }
}

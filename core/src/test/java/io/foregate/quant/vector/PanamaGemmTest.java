package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Holds the blocked product to the plain one, at every remainder of rows, columns and depth. */
class PanamaGemmTest {
  private static final float UNTOUCHED = 12345f;

  @ParameterizedTest
  @CsvSource({"1,16,1", "1,64,32", "4,64,32", "5,80,7", "8,33,64", "3,7,5", "64,128,64", "6,67,3"})
  void equalsThePlainProduct(int m, int n, int k) {
    for (boolean accumulate : new boolean[] {false, true}) {
      Random random = new Random(m * 31L + n * 7L + k);
      int lda = k + 3;
      int ldb = n + 1;
      int ldc = n + 2;
      float[] a = randoms(random, m * lda + 5);
      float[] b = randoms(random, k * ldb + 5);
      float[] expected = new float[m * ldc + 5];
      Arrays.fill(expected, UNTOUCHED);
      float[] actual = expected.clone();
      new ScalarKernels().gemm(a, 2, lda, b, 3, ldb, expected, 1, ldc, m, n, k, accumulate);
      PanamaGemm.gemm(a, 2, lda, b, 3, ldb, actual, 1, ldc, m, n, k, accumulate);
      for (int i = 0; i < actual.length; i++) {
        boolean inside = i >= 1 && (i - 1) / ldc < m && (i - 1) % ldc < n;
        float tolerance = !inside ? 0f : accumulate ? 0.01f : k * 1e-6f;
        assertThat(actual[i])
            .as("element %d", i)
            .isBetween(expected[i] - tolerance, expected[i] + tolerance);
      }
    }
  }

  private static float[] randoms(Random random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return values;
  }
}

package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the forward pass does besides matrix products, at every length around a vector's. */
class FloatKernelsTest {
  private static final int[] LENGTHS = {0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 100};

  private final Random random = new Random(5);

  static Stream<VectorKernels> kernels() {
    return TestKernels.all().stream();
  }

  private float[] gaussian(int n) {
    float[] x = new float[n];
    FloatArrays.setAll(x, i -> (float) random.nextGaussian());
    return x;
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void sums(VectorKernels k) {
    for (int n : LENGTHS) {
      float[] a = gaussian(n + 3);
      float[] b = gaussian(n + 5);
      double dot = 0;
      double squares = 0;
      for (int i = 0; i < n; i++) {
        dot += (double) a[3 + i] * b[5 + i];
        squares += (double) a[3 + i] * a[3 + i];
      }
      assertThat((double) k.dot(a, 3, b, 5, n)).isCloseTo(dot, within(1e-4));
      assertThat((double) k.sumOfSquares(a, 3, n)).isCloseTo(squares, within(1e-4));
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void elementwise(VectorKernels k) {
    for (int n : LENGTHS) {
      float[] x = gaussian(n + 2);
      float[] w = gaussian(n + 2);
      float[] sum = w.clone();
      k.axpy(0.5f, x, 1, sum, 1, n);
      float[] scaled = x.clone();
      k.scale(scaled, 1, n, 3);
      float[] product = new float[n + 2];
      k.scaledProduct(x, 1, 2, w, 1, product, 1, n);
      float[] silu = w.clone();
      k.siluProduct(x, 1, w, 1, silu, 1, n);
      for (int i = 1; i <= n; i++) {
        assertThat(sum[i]).isCloseTo(w[i] + 0.5f * x[i], within(1e-6f));
        assertThat(scaled[i]).isEqualTo(x[i] * 3);
        assertThat(product[i]).isEqualTo(x[i] * 2 * w[i]);
        double expected = x[i] / (1 + Math.exp(-x[i])) * w[i];
        assertThat((double) silu[i]).isCloseTo(expected, within(1e-5));
      }
      assertThat(sum[0]).isEqualTo(w[0]);
      assertThat(sum[n + 1]).isEqualTo(w[n + 1]);
      assertThat(scaled[n + 1]).isEqualTo(x[n + 1]);
      assertThat(product[n + 1]).isZero();
      assertThat(silu[n + 1]).isEqualTo(w[n + 1]);
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void exponentialIsThatOfDoubles(VectorKernels k) {
    for (int n : LENGTHS) {
      float[] x = gaussian(n + 2);
      for (int i = 1; i <= n; i++) {
        x[i] *= 20;
      }
      float[] actual = x.clone();
      k.exp(actual, 1, n);
      for (int i = 1; i <= n; i++) {
        double expected = Math.exp(x[i]);
        assertThat((double) actual[i]).isCloseTo(expected, within(expected * 1e-6));
      }
      assertThat(actual[0]).isEqualTo(x[0]);
      assertThat(actual[n + 1]).isEqualTo(x[n + 1]);
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void softmaxIsThatOfDoubles(VectorKernels k) {
    for (int n : LENGTHS) {
      float[] x = gaussian(n + 2);
      for (int i = 1; i <= n; i++) {
        x[i] *= 20;
      }
      if (n > 7) {
        x[3] = Float.NEGATIVE_INFINITY;
      }
      double max = Double.NEGATIVE_INFINITY;
      for (int i = 1; i <= n; i++) {
        max = Math.max(max, x[i]);
      }
      double total = 0;
      for (int i = 1; i <= n; i++) {
        total += Math.exp(x[i] - max);
      }
      float[] actual = x.clone();
      k.softmax(actual, 1, n);
      for (int i = 1; i <= n; i++) {
        double expected = Math.exp(x[i] - max) / total;
        assertThat((double) actual[i]).isCloseTo(expected, within(expected * 5e-6 + 1e-37));
      }
      assertThat(actual[0]).isEqualTo(x[0]);
      assertThat(actual[n + 1]).isEqualTo(x[n + 1]);
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void aNanMakesTheWholeSoftmaxNan(VectorKernels k) {
    for (int n : new int[] {3, 16, 37}) {
      float[] x = gaussian(n);
      x[n - 1] = Float.NaN;
      k.softmax(x, 0, n);
      for (float v : x) {
        assertThat(v).isNaN();
      }
    }
  }
}

package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
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

  private static final float[] SPECIAL = {
    0f,
    -0f,
    1e-40f,
    -1e-40f,
    7f,
    -7f,
    88.3f,
    88.6f,
    88.722f,
    89f,
    500f,
    -86f,
    -87.3f,
    -88f,
    -104f,
    -500f,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.MIN_NORMAL,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    -Float.NaN
  };

  /** So long that every special value is in a vector and behind the last one. */
  private static float[] special(int shift) {
    float[] x = new float[3 * SPECIAL.length];
    FloatArrays.setAll(x, i -> SPECIAL[(i + shift) % SPECIAL.length]);
    return x;
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void theExponentialOfWhatIsNoCommonNumber(VectorKernels k) {
    for (int shift = 0; shift < SPECIAL.length; shift++) {
      float[] x = special(shift);
      float[] actual = x.clone();
      k.exp(actual, 0, x.length);
      for (int i = 0; i < x.length; i++) {
        double expected = Math.exp(x[i]);
        assertThat(Float.isNaN(actual[i])).as("e^%s", x[i]).isEqualTo(Float.isNaN(x[i]));
        if (expected > Float.MAX_VALUE) {
          assertThat(actual[i]).as("e^%s", x[i]).isInfinite();
        } else if (!Float.isNaN(x[i])) {
          double allowed = expected * 1e-6 + (expected < Float.MIN_NORMAL ? expected + 1e-45 : 0);
          assertThat((double) actual[i]).as("e^%s", x[i]).isCloseTo(expected, within(allowed));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void whatIsNoCommonNumberIsTheSameEverywhere(VectorKernels k) {
    var scalar = new ScalarKernels();
    for (int shift = 0; shift < SPECIAL.length; shift++) {
      for (float[] other : new float[][] {special(2 * shift), special(0)}) {
        float[] x = special(shift);
        int n = x.length;
        float[][] expected = {other.clone(), x.clone(), new float[n], new float[n], x.clone()};
        float[][] actual = {other.clone(), x.clone(), new float[n], new float[n], x.clone()};
        elementwise(scalar, x, other, expected);
        elementwise(k, x, other, actual);
        for (int loop = 0; loop < expected.length; loop++) {
          for (int i = 0; i < n; i++) {
            assertSame(actual[loop][i], expected[loop][i], x[i], other[i]);
          }
        }
      }
    }
  }

  private static void elementwise(VectorKernels k, float[] x, float[] y, float[][] out) {
    int n = x.length;
    k.axpy(0.5f, x, 0, out[0], 0, n);
    k.scale(out[1], 0, n, 3);
    k.scaledProduct(x, 0, 2, y, 0, out[2], 0, n);
    k.siluProduct(x, 0, y, 0, out[3], 0, n);
    k.clampedSiluProduct(out[4], y, 0, n);
  }

  /** Results below all normal floats may be zero: exponentials are. */
  private static void assertSame(float actual, float expected, float x, float y) {
    if (Float.isNaN(expected)) {
      assertThat(actual).as("of %s and %s", x, y).isNaN();
    } else if (Float.isInfinite(expected)) {
      assertThat(actual).as("of %s and %s", x, y).isEqualTo(expected);
    } else {
      assertThat((double) actual)
          .as("of %s and %s", x, y)
          .isCloseTo(expected, within(Math.abs(expected) * 2e-6 + 1e-35));
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void aClampedUnitIsThatOfDoubles(VectorKernels k) {
    for (int n : LENGTHS) {
      float[] gate = gaussian(n + 2);
      float[] up = gaussian(n + 2);
      for (int i = 0; i < n + 2; i++) {
        gate[i] *= 6;
        up[i] *= 6;
      }
      float[] actual = gate.clone();
      k.clampedSiluProduct(actual, up, 1, n);
      for (int i = 1; i <= n; i++) {
        double x = Math.min(gate[i], 7);
        double expected = x / (1 + Math.exp(-1.702 * x)) * (Math.clamp(up[i], -7.0, 7.0) + 1);
        assertThat((double) actual[i]).isCloseTo(expected, within(Math.abs(expected) * 4e-6));
      }
      assertThat(actual[0]).isEqualTo(gate[0]);
      assertThat(actual[n + 1]).isEqualTo(gate[n + 1]);
    }
  }

  static Stream<VectorKernels> assembled() {
    return TestKernels.assembled().stream();
  }

  /** Or else a token's results would depend on how its row is divided among threads. */
  @ParameterizedTest
  @MethodSource("assembled")
  void anElementsBitsDoNotDependOnItsPlace(VectorKernels k) {
    int n = 75;
    float[] x = gaussian(n);
    float[] y = gaussian(n);
    float[][] whole = {y.clone(), x.clone(), new float[n], new float[n], x.clone()};
    elementwise(k, x, y, whole);
    for (int from = 0; from < n; from++) {
      int to = Math.min(n, from + 1 + from % 19);
      float[] part = Arrays.copyOfRange(x, from, to);
      float[] other = Arrays.copyOfRange(y, from, to);
      float[][] parts = {
        other.clone(), part.clone(), new float[to - from], new float[to - from], part.clone()
      };
      elementwise(k, part, other, parts);
      for (int loop = 0; loop < parts.length; loop++) {
        assertThat(parts[loop]).isEqualTo(Arrays.copyOfRange(whole[loop], from, to));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("assembled")
  void longArraysAreDoneInManyCalls(VectorKernels k) {
    float[] x = gaussian((1 << 17) + 5);
    float[] scaled = x.clone();
    k.scale(scaled, 0, x.length, 3);
    for (int i = 0; i < x.length; i++) {
      assertThat(scaled[i]).isEqualTo(x[i] * 3);
    }
  }

  @ParameterizedTest
  @MethodSource("assembled")
  void whatDoesNotFitIsRefused(VectorKernels k) {
    float[] x = new float[20];
    assertThatThrownBy(() -> k.dot(x, 1, x, 0, 20)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> k.dot(x, 0, x, -1, 9)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> k.softmax(x, 0, 21)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> k.axpy(1, x, 0, x, 19, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> k.scaledProduct(x, 0, 1, x, 0, new float[4], 0, 5))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> k.scale(x, 0, -1, 2)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void aSoftmaxOfNothingButMinusInfinityIsNan(VectorKernels k) {
    for (int n : new int[] {1, 8, 21}) {
      float[] x = new float[n];
      Arrays.fill(x, Float.NEGATIVE_INFINITY);
      k.softmax(x, 0, n);
      assertThat(x[n - 1]).isNaN();
    }
  }
}

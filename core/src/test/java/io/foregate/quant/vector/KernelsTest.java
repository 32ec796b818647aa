package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.encode.ReferenceQuantizer;
import io.foregate.quant.format.Quants;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every implementation of {@link VectorKernels} against sums in double over decoded weights and
 * decoded activations.
 *
 * <p>Tolerance: a float sum of n terms in any order is within n * 2^-24 of the sum of the terms'
 * magnitudes; the sums here have at most 768 terms, and rounding errors mostly cancel. Q8_1 rounds
 * its block sums to fp16, made with a scale that is not yet rounded to fp16: 2^-11 of the sum each.
 */
class KernelsTest {
  private static final List<GgmlType> TYPES =
      Arrays.stream(GgmlType.values()).filter(Quants::supports).toList();

  static Stream<VectorKernels> kernels() {
    return TestKernels.all().stream();
  }

  static Stream<Arguments> kernelsAndTypes() {
    return kernels().flatMap(k -> TYPES.stream().map(t -> Arguments.of(k, t)));
  }

  /** A weight matrix, a batch of activations, and what their products should be. */
  private static final class Case {
    final GgmlType type;
    final int rows;
    final int cols;
    final int batch;
    final MemorySegment weights;
    final float[] x;
    final double[] expected;
    final double[] magnitude;
    final double[] halfSums;

    Case(GgmlType type, int rows, int cols, int batch, MemorySegment weights, float[] x) {
      this.type = type;
      this.rows = rows;
      this.cols = cols;
      this.batch = batch;
      this.weights = weights;
      this.x = x;
      this.expected = new double[batch * rows];
      this.magnitude = new double[batch * rows];
      this.halfSums = new double[batch * rows];
      float[] dw = new float[rows * cols];
      Quants.decode(type, weights, 0, dw, 0, rows * cols);
      GgmlType dot = Quants.dotType(type);
      float[] dx = new float[batch * cols];
      byte[] encoded = new byte[(int) dot.byteSize((long) batch * cols)];
      ReferenceQuantizer.quantize(dot, x, 0, MemorySegment.ofArray(encoded), 0, batch * cols);
      Quants.decode(dot, MemorySegment.ofArray(encoded), 0, dx, 0, batch * cols);
      for (int b = 0; b < batch; b++) {
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < cols; c++) {
            double term = (double) dw[r * cols + c] * dx[b * cols + c];
            expected[b * rows + r] += term;
            magnitude[b * rows + r] += Math.abs(term);
          }
          if (dot == GgmlType.Q8_1) {
            halfSums[b * rows + r] = minimumTerms(r, dx, b * cols);
          }
        }
      }
    }

    /** Magnitudes of the products that Q8_1's fp16 sums enter. */
    private double minimumTerms(int row, float[] dx, int from) {
      UnpackedBlock block = new UnpackedBlock();
      double total = 0;
      for (int c = 0; c < cols; c += 32) {
        block.read(type, weights, type.byteSize((long) row * cols + c));
        double sum = 0;
        for (int j = 0; j < 32; j++) {
          sum += dx[from + c + j];
        }
        total += Math.abs(block.min[0] * sum);
      }
      return total;
    }

    static Case of(
        GgmlType type, int rows, int cols, int batch, float[] w, float[] x, Arena arena) {
      long bytes = type.byteSize((long) rows * cols);
      // An odd offset: slices of a file are aligned to nothing in particular.
      MemorySegment weights = arena.allocate(bytes + 7).asSlice(7);
      weights.copyFrom(TestWeights.of(type, w));
      return new Case(type, rows, cols, batch, weights, x);
    }

    ActivationRows activation(VectorKernels k) {
      ActivationRows a = new ActivationRows(k, type, batch, cols);
      for (int b = 0; b < batch; b++) {
        a.set(x, b * cols, cols, b);
      }
      return a;
    }

    double tolerance(int i) {
      return magnitude[i] * 2e-6 + halfSums[i] * 0x1p-10 + 1e-30;
    }
  }

  private static float[] gaussian(Random random, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  @ParameterizedTest
  @MethodSource("kernelsAndTypes")
  void matVecIsTheDotOfEveryRow(VectorKernels k, GgmlType type) {
    Random random = new Random(1);
    for (int rows : new int[] {1, 2, 3, 5, 16, 19}) {
      for (int cols : columns(type)) {
        try (Arena arena = Arena.ofConfined()) {
          Case c =
              Case.of(
                  type,
                  rows,
                  cols,
                  2,
                  gaussian(random, rows * cols),
                  gaussian(random, 2 * cols),
                  arena);
          checkMatVec(k, c);
        }
      }
    }
  }

  private static int[] columns(GgmlType type) {
    return switch (type.blockSize()) {
      case 1 -> new int[] {1, 7, 16, 31, 64, 100, 515};
      case 32 -> new int[] {32, 64, 96, 256, 480};
      default -> new int[] {256, 512, 768};
    };
  }

  private static void checkMatVec(VectorKernels k, Case c) {
    ActivationRows a = c.activation(k);
    for (int b = 0; b < c.batch; b++) {
      float[] y = new float[c.rows + 4];
      Arrays.fill(y, 99);
      k.matVec(c.type, c.weights, 0, c.cols, 0, c.rows, a, b, y, 3, new Scratch());
      assertThat(y[0]).isEqualTo(99);
      assertThat(y[c.rows + 3]).isEqualTo(99);
      for (int r = 0; r < c.rows; r++) {
        int i = b * c.rows + r;
        assertThat((double) y[3 + r]).isCloseTo(c.expected[i], within(c.tolerance(i)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernelsAndTypes")
  void matMulIsMatVecOfEveryActivation(VectorKernels k, GgmlType type) {
    Random random = new Random(2);
    for (int rows : new int[] {1, 7, 33}) {
      for (int batch : new int[] {1, 2, 5, 16, 17, 39}) {
        for (int cols : columns(type)) {
          try (Arena arena = Arena.ofConfined()) {
            checkMatMul(
                k,
                Case.of(
                    type,
                    rows,
                    cols,
                    batch,
                    gaussian(random, rows * cols),
                    gaussian(random, batch * cols),
                    arena));
          }
        }
      }
    }
  }

  private static void checkMatMul(VectorKernels k, Case c) {
    ActivationRows a = c.activation(k);
    int stride = c.rows + 5;
    float[] y = new float[c.batch * stride];
    Arrays.fill(y, 99);
    int firstRow = c.rows / 3;
    int firstBatch = c.batch / 3;
    k.matMul(
        c.type,
        c.weights,
        0,
        c.cols,
        firstRow,
        c.rows,
        a,
        firstBatch,
        c.batch,
        y,
        stride,
        2,
        new Scratch());
    for (int b = 0; b < c.batch; b++) {
      for (int j = 0; j < stride; j++) {
        int r = j - 2;
        if (b < firstBatch || r < firstRow || r >= c.rows) {
          assertThat(y[b * stride + j]).isEqualTo(99);
        } else {
          int i = b * c.rows + r;
          assertThat((double) y[b * stride + j]).isCloseTo(c.expected[i], within(c.tolerance(i)));
        }
      }
    }
  }
}

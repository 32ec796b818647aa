package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.quant.assembled.floats.TileProducts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** RowProducts with tiles of a KV cache, held to chains of fused multiply-adds, bit by bit. */
class TileGemmTest {
  private static final float POISON = 99;

  private final Random random = new Random(5);

  static Stream<VectorKernels> kernels() {
    return TestKernels.all().stream().filter(k -> !(k instanceof ScalarKernels));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void anElementIsOneChainOfFusedProducts(VectorKernels kernels) {
    for (boolean f16 : new boolean[] {true, false}) {
      for (int rows : new int[] {1, 2, 3, 4, 7, 8, 9, 13}) {
        for (int columns : new int[] {16, 64, 80, 128, 208}) {
          for (int k : new int[] {1, 5, 64}) {
            for (boolean more : new boolean[] {true, false}) {
              multiply(kernels, f16, rows, columns, k, more);
            }
          }
        }
      }
    }
  }

  static Stream<VectorKernels> assembled() {
    return TestKernels.assembled().stream();
  }

  @ParameterizedTest
  @MethodSource("assembled")
  void soItIsWhereColumnsFillNoVector(VectorKernels kernels) {
    for (boolean f16 : new boolean[] {true, false}) {
      for (int rows : new int[] {1, 3, 4, 9}) {
        for (int columns : new int[] {1, 2, 7, 9, 15, 33, 70}) {
          multiply(kernels, f16, rows, columns, 5, false);
          multiply(kernels, f16, rows, columns, 3, true);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("assembled")
  void andOfMatricesWiderThanAPanel(VectorKernels kernels) {
    multiply(kernels, false, 5, 333, 300, false);
    multiply(kernels, true, 5, 333, 300, true);
  }

  @ParameterizedTest
  @MethodSource("assembled")
  void andOfMatricesInArrays(VectorKernels kernels) {
    int m = 7;
    int n = 45;
    int k = 11;
    float[] a = floats(1 + m * (k + 1));
    float[] b = floats(2 + k * (n + 3));
    float[] c = new float[3 + m * (n + 2)];
    float[] expected = c.clone();
    for (int r = 0; r < m; r++) {
      for (int j = 0; j < n; j++) {
        float sum = 0;
        for (int i = 0; i < k; i++) {
          sum = Math.fma(a[1 + r * (k + 1) + i], b[2 + i * (n + 3) + j], sum);
        }
        expected[3 + r * (n + 2) + j] = sum;
      }
    }
    kernels.gemm(a, 1, k + 1, b, 2, n + 3, c, 3, n + 2, m, n, k, false);
    assertThat(c).isEqualTo(expected);
    HeapFloats to = HeapFloats.of(c.length);
    kernels.gemm(
        HeapFloats.of(a), 1, k + 1, HeapFloats.of(b), 2, n + 3, to, 3, n + 2, m, n, k, false);
    assertThat(to.array()).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("assembled")
  void aProductOfNothingIsZero(VectorKernels kernels) {
    float[] none = {};
    float[] c = {1, 2, 3, 4, 5, 6};
    kernels.gemm(none, 0, 0, none, 0, 0, c, 1, 3, 2, 2, 0, true);
    kernels.gemm(none, 0, 9, none, 0, 0, c, 0, 3, 2, 0, 9, false);
    assertThat(c).containsExactly(1, 2, 3, 4, 5, 6);
    kernels.gemm(none, 0, 0, none, 0, 0, c, 1, 3, 2, 2, 0, false);
    assertThat(c).containsExactly(1, 0, 0, 4, 0, 0);
  }

  private void multiply(
      VectorKernels kernels, boolean f16, int rows, int columns, int k, boolean more) {
    int lda = k + 3;
    int ldc = columns + 5;
    float[] a = floats(2 + rows * lda);
    float[] b = floats(k * columns);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment tile = arena.allocate(4L * b.length + 8);
      for (int i = 0; i < b.length; i++) {
        if (f16) {
          short half = Float.floatToFloat16(b[i]);
          tile.set(ValueLayout.JAVA_SHORT, 8 + 2L * i, half);
          b[i] = Float.float16ToFloat(half);
        } else {
          tile.set(ValueLayout.JAVA_FLOAT, 8 + 4L * i, b[i]);
        }
      }
      float[] c = new float[1 + rows * ldc];
      Arrays.fill(c, POISON);
      float[] expected = c.clone();
      for (int r = 0; r < rows; r++) {
        for (int j = 0; j < columns; j++) {
          float sum = more ? POISON : 0;
          for (int i = 0; i < k; i++) {
            sum = Math.fma(a[2 + r * lda + i], b[i * columns + j], sum);
          }
          expected[1 + r * ldc + j] = sum;
        }
      }
      short[] f16s = new short[b.length];
      float[] decoded = new float[b.length];
      var from = HeapFloats.of(a);
      var to = HeapFloats.of(c);
      kernels.gemmOfTile(
          from, 2, lda, f16, tile, 8, f16s, decoded, to, 1, ldc, rows, columns, k, more);
      assertThat(c).as("%s %d x %d x %d", f16, rows, columns, k).isEqualTo(expected);
    }
  }

  private float[] floats(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  static Stream<MachineCode> code() {
    return MachineCode.all().stream();
  }

  @ParameterizedTest
  @MethodSource("code")
  void whatDoesNotFitIsRefused(MachineCode code) {
    TileProducts tiles = code.tiles();
    MemorySegment a = MemorySegment.ofArray(new float[64]);
    MemorySegment c = MemorySegment.ofArray(new float[64]);
    MemorySegment b = MemorySegment.ofArray(new float[64 * 4]);
    tiles.multiply(a, 0, 4, false, b, 0, 64, c, 0, 64, 1, 64, 4, false);
    assertThatThrownBy(() -> tiles.multiply(a, 61, 4, false, b, 0, 64, c, 0, 64, 1, 64, 4, false))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tiles.multiply(a, 0, 4, false, b, 4, 64, c, 0, 64, 1, 64, 4, false))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tiles.multiply(a, 0, 4, false, b, 0, 64, c, 0, 64, 2, 64, 4, false))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tiles.multiply(a, 0, 4, false, b, 0, 64, c, 0, 64, 1, 0, 4, false))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

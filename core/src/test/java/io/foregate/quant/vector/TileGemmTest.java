package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.assembly.CpuFeatures;
import io.foregate.quant.assembled.InstructionSet;
import io.foregate.quant.assembled.TileProducts;
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

  static Stream<InstructionSet> sets() {
    return InstructionSet.of(CpuFeatures.detect()).stream();
  }

  @ParameterizedTest
  @MethodSource("sets")
  void whatDoesNotFitIsRefused(InstructionSet set) {
    TileProducts tiles = TileProducts.of(set).orElseThrow();
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
    assertThatThrownBy(() -> tiles.multiply(a, 0, 4, false, b, 0, 64, c, 0, 64, 1, 63, 4, false))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

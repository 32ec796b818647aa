package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.oracle.RandomBlocks;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.format.PlaneShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The emulator is held to this CPU by whole functions: what both can run has the same bits. So what
 * it says of other instruction sets is to be believed.
 */
class EmulatedKernelsTest {
  private static final int ROWS = 21;
  private static final int TOKENS = 19;

  private final Random random = new Random(11);

  static Stream<Arguments> codeAndTypes() {
    return MachineCode.ofThisCpu().stream()
        .flatMap(code -> RowProducts.types().stream().map(type -> Arguments.of(code, type)));
  }

  private float[] gaussian(int n) {
    float[] x = new float[n];
    FloatArrays.setAll(x, _ -> random.nextGaussian());
    return x;
  }

  private static ActivationRows activations(VectorKernels k, GgmlType type, float[] x, int cols) {
    var rows = new ActivationRows(k, type, TOKENS, cols);
    for (int t = 0; t < TOKENS; t++) {
      rows.set(x, t * cols, cols, t);
    }
    return rows;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  @ParameterizedTest
  @MethodSource("codeAndTypes")
  void productsHaveTheBitsOfThisCpu(MachineCode code, GgmlType type) {
    VectorKernels here = code.kernels();
    VectorKernels emulated = code.emulation().kernels();
    int cols = type.blockSize() == 1 ? 77 : 2 * type.blockSize();
    float[] values = gaussian(TOKENS * cols);
    ActivationRows x = activations(here, type, values, cols);
    ActivationRows same = activations(emulated, type, values, cols);
    assertThat(same.blocks.toArray(ValueLayout.JAVA_BYTE))
        .isEqualTo(x.blocks.toArray(ValueLayout.JAVA_BYTE));
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = new RandomBlocks(random).weights(type, ROWS * cols, 1);
      MemorySegment w = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
      for (int batch : new int[] {1, 2, 7, TOKENS}) {
        float[] expected = new float[batch * ROWS];
        float[] actual = new float[batch * ROWS];
        here.matMul(type, w, 0, cols, 0, ROWS, x, 0, batch, expected, ROWS, 0, new Scratch());
        emulated.matMul(type, w, 0, cols, 0, ROWS, same, 0, batch, actual, ROWS, 0, new Scratch());
        assertThat(bits(actual)).as("%d tokens", batch).isEqualTo(bits(expected));
      }
    }
  }

  static Stream<Arguments> codeAndPlanes() {
    return MachineCode.ofThisCpu().stream()
        .flatMap(code -> PlaneShape.TYPES.stream().map(type -> Arguments.of(code, type)));
  }

  @ParameterizedTest
  @MethodSource("codeAndPlanes")
  void soDoThoseOfPlanes(MachineCode code, GgmlType type) {
    VectorKernels here = code.kernels();
    VectorKernels emulated = code.emulation().kernels();
    int cols = 2 * type.blockSize();
    float[] values = gaussian(TOKENS * cols);
    ActivationRows x = activations(here, type, values, cols);
    ActivationRows same = activations(emulated, type, values, cols);
    byte[] bytes = new byte[(int) PlaneShape.of(type).bytes(2L * ROWS)];
    random.nextBytes(bytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment planes = arena.allocate(bytes.length, 4).copyFrom(MemorySegment.ofArray(bytes));
      for (int batch : new int[] {1, 5, TOKENS}) {
        float[] expected = new float[batch * ROWS];
        float[] actual = new float[batch * ROWS];
        PlaneTiles.prepare(here, type, x, 0, batch);
        PlaneTiles.prepare(emulated, type, same, 0, batch);
        PlaneTiles.multiply(
            here, type, planes, ROWS, cols, 3, ROWS, x, 0, batch, expected, ROWS, 0, new Scratch());
        PlaneTiles.multiply(
            emulated,
            type,
            planes,
            ROWS,
            cols,
            3,
            ROWS,
            same,
            0,
            batch,
            actual,
            ROWS,
            0,
            new Scratch());
        assertThat(bits(actual)).as("%d tokens", batch).isEqualTo(bits(expected));
      }
    }
  }

  static Stream<MachineCode> code() {
    return MachineCode.ofThisCpu().stream();
  }

  @ParameterizedTest
  @MethodSource("code")
  void soDoLoopsOverFloats(MachineCode code) {
    for (int n : new int[] {0, 1, 5, 8, 31, 77}) {
      float[] x = gaussian(n);
      float[] y = gaussian(n);
      if (n > 30) {
        x[3] = Float.NaN;
        x[7] = Float.NEGATIVE_INFINITY;
        y[20] = 1e-41f;
      }
      assertThat(bits(loops(code.emulation().kernels(), x, y)))
          .as("%d elements", n)
          .isEqualTo(bits(loops(code.kernels(), x, y)));
    }
  }

  private static float[] loops(VectorKernels k, float[] x, float[] y) {
    int n = x.length;
    float[] all = new float[6 * n + 1];
    all[6 * n] = k.dot(x, 0, y, 0, n);
    k.scaledProduct(x, 0, 2, y, 0, all, 0, n);
    k.siluProduct(x, 0, y, 0, all, n, n);
    System.arraycopy(x, 0, all, 2 * n, n);
    k.exp(all, 2 * n, n);
    System.arraycopy(y, 0, all, 3 * n, n);
    k.softmax(all, 3 * n, n);
    System.arraycopy(y, 0, all, 4 * n, n);
    k.axpy(0.5f, x, 0, all, 4 * n, n);
    float[] gate = x.clone();
    k.clampedSiluProduct(gate, y, 0, n);
    k.scale(gate, 0, n, 3);
    System.arraycopy(gate, 0, all, 5 * n, n);
    return all;
  }

  @ParameterizedTest
  @MethodSource("code")
  void soDoTiles(MachineCode code) {
    int k = 9;
    byte[] halves = new byte[2 * k * 77];
    random.nextBytes(halves);
    for (int i = 1; i < halves.length; i += 2) {
      halves[i] = (byte) (halves[i] & 0xBB); // finite
    }
    for (int rows : new int[] {1, 2, 4, 7}) {
      for (int cols : new int[] {1, 8, 16, 77}) {
        float[] a = gaussian(rows * k);
        float[] b = gaussian(cols * k);
        for (boolean f16 : new boolean[] {true, false}) {
          MemorySegment tile = MemorySegment.ofArray(f16 ? halves : new byte[4 * b.length]);
          if (!f16) {
            tile.copyFrom(MemorySegment.ofArray(b));
          }
          float[] expected = new float[rows * cols];
          float[] actual = new float[rows * cols];
          MemorySegment x = MemorySegment.ofArray(a);
          MemorySegment y = MemorySegment.ofArray(expected);
          MemorySegment z = MemorySegment.ofArray(actual);
          code.tiles().multiply(x, 0, k, f16, tile, 0, cols, y, 0, cols, rows, cols, k, false);
          code.emulation()
              .tiles()
              .multiply(x, 0, k, f16, tile, 0, cols, z, 0, cols, rows, cols, k, false);
          assertThat(bits(actual)).as("%d x %d", rows, cols).isEqualTo(bits(expected));
        }
      }
    }
  }
}

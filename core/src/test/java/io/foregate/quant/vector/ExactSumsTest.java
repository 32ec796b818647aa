package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.oracle.RandomBlocks;
import io.foregate.quant.format.TestFactors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Machine code and plain Java give a token alone the same bits, which devices are held to. */
class ExactSumsTest {
  private static final int ROWS = 37;
  private static final int TOKENS = 6;
  private static final short[] F16S = {
    0x0000, (short) 0x8000, 0x0001, 0x03FF, 0x3C00, (short) 0xBC00, 0x7BFF, 0x7C00, 0x7E00
  };

  static Stream<Arguments> kernelsAndTypes() {
    return TestKernels.assembled().stream()
        .flatMap(
            k -> Stream.of(GgmlType.values()).filter(k::readsBlocks).map(t -> Arguments.of(k, t)));
  }

  private static int columns(GgmlType type) {
    return type.blockSize() < 256 ? 352 : 1280;
  }

  @ParameterizedTest
  @MethodSource("kernelsAndTypes")
  void ofRandomBlocks(VectorKernels k, GgmlType type) {
    int elements = ROWS * columns(type);
    assertSameBits(k, type, new RandomBlocks(new Random(3)).weights(type, elements, 1));
  }

  @ParameterizedTest
  @MethodSource("kernelsAndTypes")
  void ofExtremeBlocks(VectorKernels k, GgmlType type) {
    if (type.blockSize() == 1) {
      return; // has no factors
    }
    var random = new Random(5);
    byte[] bytes = new byte[(int) type.byteSize((long) ROWS * columns(type))];
    random.nextBytes(bytes);
    int factor = 0;
    for (int at = 0; at < bytes.length; at += type.blockBytes()) {
      int kinds = at / type.blockBytes() % 40 == 0 ? F16S.length : F16S.length - 2;
      factor = TestFactors.set(type, bytes, at, Arrays.copyOf(F16S, kinds), factor);
    }
    assertSameBits(k, type, bytes);
  }

  private static void assertSameBits(VectorKernels k, GgmlType type, byte[] bytes) {
    var scalar = new ScalarKernels(k.chains());
    int cols = columns(type);
    float[] values = activations(cols);
    var x = new ActivationRows(k, type, TOKENS, cols);
    var y = new ActivationRows(scalar, type, TOKENS, cols);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
      var scratch = new Scratch();
      for (int t = 0; t < TOKENS; t++) {
        x.set(values, t * cols, cols, t);
        y.set(values, t * cols, cols, t);
        float[] actual = new float[ROWS];
        float[] expected = new float[ROWS];
        k.matVec(type, w, 0, cols, 0, ROWS, x, t, actual, 0, scratch);
        scalar.matVec(type, w, 0, cols, 0, ROWS, y, t, expected, 0, scratch);
        assertThat(bits(actual)).as("token %d", t).isEqualTo(bits(expected));
      }
    }
  }

  /** Normal ones, halves that are to be rounded, large ones, small ones, zeros, an infinity. */
  private static float[] activations(int cols) {
    var random = new Random(4);
    float[] values = new float[TOKENS * cols];
    for (int i = 0; i < cols; i++) {
      values[i] = (float) random.nextGaussian();
      values[cols + i] = i % 50 == 3 ? -127 : random.nextInt(-253, 254) / 2f;
      values[2 * cols + i] = (float) (random.nextGaussian() * 1e4);
      values[3 * cols + i] = (float) (random.nextGaussian() * Math.pow(10, -random.nextInt(12)));
      values[5 * cols + i] = (float) random.nextGaussian();
    }
    values[5 * cols + 77] = Float.NEGATIVE_INFINITY;
    return values;
  }

  static Stream<VectorKernels> kernels() {
    return TestKernels.assembled().stream();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void ofGatedUnits(VectorKernels k) {
    var random = new Random(9);
    int n = 20_011;
    float[] gate = new float[n];
    float[] up = new float[n];
    for (int i = 0; i < n; i++) {
      gate[i] = (float) (random.nextGaussian() * (i % 3 == 0 ? 60 : 3));
      up[i] = (float) random.nextGaussian() * 4;
    }
    gate[0] = Float.NaN;
    gate[1] = Float.POSITIVE_INFINITY;
    gate[2] = Float.NEGATIVE_INFINITY;
    gate[3] = 0;
    gate[4] = -0f;
    var scalar = new ScalarKernels(k.chains());
    float[] actual = new float[n];
    float[] expected = new float[n];
    k.siluProduct(gate, 0, up, 0, actual, 0, n);
    scalar.siluProduct(gate, 0, up, 0, expected, 0, n);
    assertThat(bits(actual)).isEqualTo(bits(expected));
    float[] sameGate = gate.clone();
    k.clampedSiluProduct(gate, up, 0, n);
    scalar.clampedSiluProduct(sameGate, up, 0, n);
    assertThat(bits(gate)).isEqualTo(bits(sameGate));
  }

  /** NaNs count as one. */
  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToIntBits(values[i]));
    return bits;
  }
}

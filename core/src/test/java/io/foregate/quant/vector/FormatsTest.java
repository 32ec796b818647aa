package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.Quants;
import io.foregate.quant.format.TestFactors;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The formats beside what is written by hand: each kernel sees the weights that the type's format
 * decodes to, one by one, of random blocks and of blocks whose codes are all at one end.
 */
class FormatsTest {
  private static final int BLOCKS = 3;
  private static final int[] FILLS = {-1, -1, -1, 0x00, 0xFF, 0x7F, 0x80, 0x0F, 0xF0};
  private static final short[] F16S = {0x3C00, (short) 0xB555, 0x0001, 0x03FF, 0x4321, 0};

  /** As a weight's value times this is exact to one rounding: codes of activations go to 127. */
  private static final float ONE = 127;

  static Stream<GgmlType> types() {
    return Arrays.stream(GgmlType.values()).filter(t -> Quants.supports(t) && t.isQuantized());
  }

  private static MemorySegment blocks(GgmlType type, int fill, Random random, Arena arena) {
    byte[] bytes = new byte[BLOCKS * type.blockBytes()];
    random.nextBytes(bytes);
    if (fill >= 0) {
      Arrays.fill(bytes, (byte) fill);
    }
    int next = random.nextInt(F16S.length);
    for (int at = 0; at < bytes.length; at += type.blockBytes()) {
      next = TestFactors.set(type, bytes, at, F16S, next);
    }
    return arena.allocate(bytes.length + 3L).asSlice(3).copyFrom(MemorySegment.ofArray(bytes));
  }

  private static float[] decoded(GgmlType type, MemorySegment w) {
    float[] values = new float[BLOCKS * type.blockSize()];
    Quants.decode(type, w, 0, values, 0, values.length);
    return values;
  }

  /** What two orders of the operations in {@code scale * code - min} may differ by. */
  private static float[] tolerance(GgmlType type, MemorySegment w) {
    float[] tolerance = new float[BLOCKS * type.blockSize()];
    var block = new UnpackedBlock();
    for (int i = 0; i < tolerance.length; i++) {
      int at = i % type.blockSize();
      if (at == 0) {
        block.read(type, w, type.byteSize(i));
      }
      int sub = at / block.subSize;
      // Vector kernels take the centre off at the end: at most 32.
      float scaled = Math.abs(block.scale[sub]) * (Math.abs(block.q[at]) + 32);
      tolerance[i] = 0x1p-20f * (scaled + Math.abs(block.min[sub]));
    }
    return tolerance;
  }

  private static void assertNear(float[] found, float[] expected, float[] tolerance) {
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(found[i] - expected[i]) <= tolerance[i])) {
        assertThat(found[i]).as("weight %d", i).isEqualTo(expected[i]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void tilesHoldWhatTheFormatSays(GgmlType type) {
    var random = new Random(1);
    for (int fill : FILLS) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment w = blocks(type, fill, random, arena);
        float[] expected = decoded(type, w);
        float[] found = new float[expected.length];
        TileDecoder.decode(type, w.address(), found, 0, found.length, new Scratch());
        assertNear(found, expected, tolerance(type, w));
      }
    }
  }

  /** A row's products with vectors of one element each are its weights. */
  @ParameterizedTest
  @MethodSource("types")
  void productsSeeWhatTheFormatSays(GgmlType type) {
    var random = new Random(2);
    for (VectorKernels kernels : TestKernels.here()) {
      for (int fill : FILLS) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment w = blocks(type, fill, random, arena);
          assertNear(weights(kernels, type, w), decoded(type, w), tolerance(type, w));
        }
      }
    }
  }

  private static float[] weights(VectorKernels kernels, GgmlType type, MemorySegment w) {
    int columns = BLOCKS * type.blockSize();
    var x = new ActivationRows(kernels, type, 1, columns);
    float[] weights = new float[columns];
    for (int i = 0; i < columns; i++) {
      float[] one = new float[columns];
      one[i] = ONE;
      x.set(one, 0, columns, 0);
      kernels.matVec(type, w, 0, columns, 0, 1, x, 0, weights, i, new Scratch());
      weights[i] /= ONE;
    }
    return weights;
  }

  static Stream<GgmlType> unpackedByHand() {
    return GridBlocks.TYPES.stream();
  }

  @ParameterizedTest
  @MethodSource("unpackedByHand")
  void gridsAreUnpackedAsTheFormatSays(GgmlType type) {
    var random = new Random(3);
    var expected = new UnpackedBlock();
    var found = new UnpackedBlock();
    for (int round = 0; round < 100; round++) {
      byte[] bytes = new byte[type.blockBytes()];
      random.nextBytes(bytes);
      TestFactors.set(type, bytes, 0, F16S, round);
      MemorySegment block = MemorySegment.ofArray(bytes);
      expected.read(type, block, 0);
      GridBlocks.read(type, block, 0, found);
      assertThat(found.q).isEqualTo(expected.q);
      assertThat(found.subSize).isEqualTo(expected.subSize);
      int subs = type.blockSize() / found.subSize;
      assertThat(Arrays.copyOf(found.scale, subs)).isEqualTo(Arrays.copyOf(expected.scale, subs));
      assertThat(Arrays.copyOf(found.min, subs)).containsOnly(0f);
    }
  }
}

package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgmlType;
import io.foregate.oracle.RandomBlocks;
import io.foregate.quant.assembled.PlaneProducts;
import io.foregate.quant.format.PlanePacker;
import io.foregate.quant.format.PlaneShape;
import io.foregate.quant.format.TestFactors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Weights in planes have the products that the same weights have in ggml's blocks, bit for bit,
 * with every implementation of the kernels: random blocks and extreme ones, any rows, any batch.
 */
class PlaneTilesTest {
  private static final int ROWS = 45;
  private static final int TOKENS = 19;
  private static final int[] BATCHES = {1, 2, 3, 8, TOKENS};
  private static final int[] FIRST_ROWS = {0, 1, 8, 29, ROWS};
  private static final int[] FILLS = {0x00, 0xFF, 0x7F, 0x80, 0x0F, 0xF0};
  private static final short[] F16S = {
    0x0000, (short) 0x8000, 0x0001, 0x03FF, 0x3C00, (short) 0xBC00, 0x7BFF, 0x7C00, 0x7E00
  };

  static Stream<Arguments> kernelsAndTypes() {
    return TestKernels.all().stream()
        .flatMap(k -> PlaneShape.TYPES.stream().map(type -> Arguments.of(k, type)));
  }

  private static int columns(GgmlType type) {
    return type.blockSize() < 256 ? 352 : 768;
  }

  @ParameterizedTest
  @MethodSource("kernelsAndTypes")
  void randomBlocks(VectorKernels k, GgmlType type) {
    int elements = ROWS * columns(type);
    assertSameProducts(k, type, new RandomBlocks(new Random(3)).weights(type, elements, 1));
  }

  @ParameterizedTest
  @MethodSource("kernelsAndTypes")
  void extremeBlocks(VectorKernels k, GgmlType type) {
    var random = new Random(5);
    byte[] bytes = new byte[(int) type.byteSize((long) ROWS * columns(type))];
    random.nextBytes(bytes);
    int factor = 0;
    for (int at = 0; at < bytes.length; at += type.blockBytes()) {
      int fill = random.nextInt(FILLS.length + 1);
      if (fill < FILLS.length) {
        Arrays.fill(bytes, at, at + type.blockBytes(), (byte) FILLS[fill]);
      }
      // What is not finite only in some rows: a row of it tells nothing else.
      int kinds = at / type.blockBytes() % 40 == 0 ? F16S.length : F16S.length - 2;
      factor = TestFactors.set(type, bytes, at, Arrays.copyOf(F16S, kinds), factor);
    }
    assertSameProducts(k, type, bytes);
  }

  private static void assertSameProducts(VectorKernels k, GgmlType type, byte[] bytes) {
    int cols = columns(type);
    var random = new Random(4);
    float[] values = new float[TOKENS * cols];
    FloatArrays.setAll(values, i -> random.nextGaussian());
    var x = new ActivationRows(k, type, TOKENS, cols);
    for (int t = 0; t < TOKENS; t++) {
      x.set(values, t * cols, cols, t);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
      MemorySegment planes = planes(type, w, ROWS, cols, arena);
      var scratch = new Scratch();
      for (int batch : BATCHES) {
        for (int i = 1; i < FIRST_ROWS.length; i++) {
          int first = FIRST_ROWS[i - 1];
          int end = FIRST_ROWS[i];
          int b0 = TOKENS - batch;
          float[] expected = new float[TOKENS * ROWS + 7];
          float[] actual = new float[expected.length];
          if (batch == 1) {
            int out = b0 * ROWS + 7;
            k.matVec(type, w, 0, cols, first, end, x, b0, expected, out, scratch);
          } else {
            k.matMul(type, w, 0, cols, first, end, x, b0, TOKENS, expected, ROWS, 7, scratch);
          }
          PlaneTiles.prepare(k, type, x, b0, TOKENS);
          PlaneTiles.multiply(
              k, type, planes, ROWS, cols, first, end, x, b0, TOKENS, actual, ROWS, 7, scratch);
          assertThat(bits(actual))
              .as("%d tokens, rows %d to %d", batch, first, end)
              .isEqualTo(bits(expected));
        }
      }
    }
  }

  /** A token that was set anew must not meet planes in the order of the one before. */
  @ParameterizedTest
  @MethodSource("assembledAndTypes")
  void tokensAreBroughtIntoOrderEachTimeThatTheyAreSet(VectorKernels k, GgmlType type) {
    int cols = columns(type);
    int rows = 16;
    var random = new Random(5);
    var x = new ActivationRows(k, type, 2, cols);
    var scratch = new Scratch();
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = new RandomBlocks(random).weights(type, rows * cols, 1);
      MemorySegment w = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
      MemorySegment planes = planes(type, w, rows, cols, arena);
      for (int round = 0; round < 2; round++) {
        float[] values = new float[cols];
        FloatArrays.setAll(values, i -> random.nextGaussian());
        x.set(values, 0, cols, 1);
        if (PlaneProducts.has(type)) {
          assertThatThrownBy(() -> multiply(k, type, planes, rows, x, scratch))
              .isInstanceOf(IllegalStateException.class);
        }
        PlaneTiles.prepare(k, type, x, 1, 2);
        float[] expected = new float[2 * rows];
        k.matVec(type, w, 0, cols, 0, rows, x, 1, expected, rows, scratch);
        assertThat(bits(multiply(k, type, planes, rows, x, scratch))).isEqualTo(bits(expected));
      }
    }
  }

  /** The product with the second of two tokens. */
  private static float[] multiply(
      VectorKernels k,
      GgmlType type,
      MemorySegment planes,
      int rows,
      ActivationRows x,
      Scratch scratch) {
    float[] y = new float[2 * rows];
    PlaneTiles.multiply(k, type, planes, rows, x.cols(), 0, rows, x, 1, 2, y, rows, 0, scratch);
    return y;
  }

  private static MemorySegment planes(
      GgmlType type, MemorySegment w, int rows, int cols, Arena arena) {
    var packer = new PlanePacker(type, rows, cols);
    MemorySegment planes = arena.allocate(packer.bytes(), 4);
    packer.pack(w, planes, 0);
    return planes;
  }

  /** Of NaNs too, which have bits of their own. */
  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToIntBits(values[i]));
    return bits;
  }

  static Stream<Arguments> assembledAndTypes() {
    return TestKernels.assembled().stream()
        .flatMap(k -> PlaneShape.TYPES.stream().map(type -> Arguments.of(k, type)));
  }

  /** Any part of the matrix, at a page's begin and at its end, beside pages that are not there. */
  @EnabledOnOs(OS.LINUX)
  @ParameterizedTest
  @MethodSource("assembledAndTypes")
  void machineCodeMakesTheBlocksAndTouchesNothingElse(VectorKernels k, GgmlType type) {
    var random = new Random(6);
    int size = type.blockBytes();
    try (Arena arena = Arena.ofConfined();
        var in = new GuardedMemory(1 << 16);
        var out = new GuardedMemory(1 << 16)) {
      for (int blocks = 1; blocks <= 9; blocks++) {
        byte[] bytes = new byte[blocks * size];
        random.nextBytes(bytes);
        MemorySegment w = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
        MemorySegment planes = planes(type, w, blocks, type.blockSize(), arena);
        for (int first = 0; first < blocks; first++) {
          int count = blocks - first;
          byte[] expected = Arrays.copyOfRange(bytes, first * size, bytes.length);
          MemorySegment begin = in.first(planes.byteSize()).copyFrom(planes);
          MemorySegment made = out.first((long) count * size).fill((byte) 0x5A);
          k.readPlanes(type, begin, blocks, first, count, made);
          assertThat(made.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
          MemorySegment end = in.last(planes.byteSize()).copyFrom(planes);
          made = out.last((long) count * size).fill((byte) 0x5A);
          k.readPlanes(type, end, blocks, first, count, made);
          assertThat(made.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
        }
      }
    }
  }

  /** The same for products that take rows from planes as they are. */
  @EnabledOnOs(OS.LINUX)
  @ParameterizedTest
  @MethodSource("assembledAndTypes")
  void productsTouchNothingBesideThePlanes(VectorKernels k, GgmlType type) {
    var random = new Random(8);
    int cols = 2 * 256;
    try (Arena arena = Arena.ofConfined();
        var memory = new GuardedMemory(1 << 16)) {
      for (int rows : new int[] {1, 2, 5, 17}) {
        byte[] bytes = new RandomBlocks(random).weights(type, rows * cols, 1);
        MemorySegment w = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
        MemorySegment planes = planes(type, w, rows, cols, arena);
        for (int tokens : new int[] {1, 2, 4, 8}) {
          float[] values = new float[tokens * cols];
          FloatArrays.setAll(values, i -> random.nextGaussian());
          var x = new ActivationRows(k, type, tokens, cols);
          for (int t = 0; t < tokens; t++) {
            x.set(values, t * cols, cols, t);
          }
          var scratch = new Scratch();
          PlaneTiles.prepare(k, type, x, 0, tokens);
          float[] expected = new float[tokens * rows];
          k.matMul(type, w, 0, cols, 0, rows, x, 0, tokens, expected, rows, 0, scratch);
          for (MemorySegment at :
              List.of(memory.first(planes.byteSize()), memory.last(planes.byteSize()))) {
            at.copyFrom(planes);
            float[] y = new float[expected.length];
            PlaneTiles.multiply(
                k, type, at, rows, cols, 0, rows, x, 0, tokens, y, rows, 0, scratch);
            assertThat(bits(y)).isEqualTo(bits(expected));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("assembledAndTypes")
  void memoriesAreChecked(VectorKernels k, GgmlType type) {
    int blocks = 4;
    Arena arena = Arena.ofConfined();
    MemorySegment planes = arena.allocate(PlaneShape.of(type).bytes(blocks));
    MemorySegment out = arena.allocate((long) blocks * type.blockBytes());
    MemorySegment small = out.asSlice(1);
    MemorySegment cut = planes.asSlice(4);
    assertThatThrownBy(() -> k.readPlanes(type, planes, blocks, 0, blocks, small))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> k.readPlanes(type, cut, blocks, 0, blocks, out))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> k.readPlanes(type, planes, blocks, 1, blocks, out))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> k.readPlanes(type, planes, blocks, 0, blocks, out.asReadOnly()))
        .isInstanceOf(IllegalArgumentException.class);
    arena.close();
    assertThatThrownBy(() -> k.readPlanes(type, planes, blocks, 0, blocks, out))
        .isInstanceOf(IllegalStateException.class);
  }
}

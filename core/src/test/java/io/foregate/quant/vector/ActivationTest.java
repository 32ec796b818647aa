package io.foregate.quant.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.activation.ActivationLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Activations of all kernels hold the same bits as those of the scalar kernels. */
class ActivationTest {
  private static final int COLS = 512;

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F32", "F16", "BF16", "Q8_0", "Q8_1", "Q8_K"})
  void vectorAndScalarAgreeBitByBit(GgmlType type) {
    Random random = new Random(3);
    for (float scale : new float[] {1, 1e-30f, 1e-42f, 1e30f, Float.MAX_VALUE / 8}) {
      float[] x = new float[COLS];
      FloatArrays.setAll(x, i -> (float) random.nextGaussian() * scale);
      assertSameBits(type, x);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"Q8_0", "Q8_1", "Q8_K"})
  void extremeBlocksAgreeToo(GgmlType type) {
    Random random = new Random(4);
    float[] ties = new float[COLS];
    FloatArrays.setAll(ties, i -> i % 32 == 0 ? 127 : random.nextInt(-126, 126) + 0.5f);
    assertSameBits(type, ties);
    assertSameBits(type, new float[COLS]);
    float[] alternating = new float[COLS];
    FloatArrays.setAll(alternating, i -> (i & 1) == 0 ? -7 : 7);
    assertSameBits(type, alternating);
    float[] spike = new float[COLS];
    spike[33] = -Float.MIN_VALUE;
    spike[300] = 65504;
    assertSameBits(type, spike);
  }

  /** Weights that meet activations of a type. */
  private static GgmlType weights(GgmlType dotType) {
    return switch (dotType) {
      case Q8_1 -> GgmlType.Q4_1;
      case Q8_K -> GgmlType.Q4_K;
      default -> dotType;
    };
  }

  private static void assertSameBits(GgmlType type, float[] x) {
    ActivationRows scalar = new ActivationRows(new ScalarKernels(), weights(type), 1, COLS);
    ActivationRows vector = new ActivationRows(new PanamaKernels(), weights(type), 1, COLS);
    scalar.set(x, 0, COLS, 0);
    vector.set(x, 0, COLS, 0);
    assertThat(vector.values).isEqualTo(scalar.values);
    assertThat(vector.codes).isEqualTo(scalar.codes);
    assertThat(vector.scales).isEqualTo(scalar.scales);
    if (type != GgmlType.Q8_0) {
      assertThat(vector.sums32).isEqualTo(scalar.sums32);
    }
    assertThat(vector.sums16).isEqualTo(scalar.sums16);
    for (VectorKernels kernels : TestKernels.assembled()) {
      ActivationRows assembled = new ActivationRows(kernels, weights(type), 1, COLS);
      assembled.set(x, 0, COLS, 0);
      assertThat(numbers(type, assembled.blocks, COLS)).isEqualTo(expected(type, scalar, COLS));
    }
  }

  /** What machine code has to store of a row, by {@link ActivationLayout}. */
  private static List<Number> expected(GgmlType type, ActivationRows scalar, int cols) {
    ActivationLayout layout = ActivationLayout.of(type);
    List<Number> numbers = new ArrayList<>();
    for (int from = 0; from < cols; from += layout.elements()) {
      int block = from;
      IntUnaryOperator sum =
          i -> IntStream.range(16 * i, 16 * i + 16).map(j -> scalar.codes[block + j]).sum();
      switch (layout) {
        case FLOATS -> numbers.add(scalar.values[from]);
        case BLOCKS_OF_32 -> {
          addCodes(numbers, layout, scalar.codes, from);
          numbers.add(scalar.scales[from / 32]);
          numbers.add(type == GgmlType.Q8_1 ? scalar.sums32[from / 32] : 0f);
          numbers.add(-8 * (sum.applyAsInt(0) + sum.applyAsInt(1)));
        }
        case BLOCKS_OF_256 -> {
          addCodes(numbers, layout, scalar.codes, from);
          IntStream.range(0, 16).forEach(i -> numbers.add((float) sum.applyAsInt(i)));
          numbers.add(scalar.scales[from / 32]);
        }
      }
    }
    return numbers;
  }

  private static void addCodes(List<Number> to, ActivationLayout layout, short[] codes, int from) {
    Byte[] placed = new Byte[layout.elements()];
    for (int i = 0; i < placed.length; i++) {
      placed[layout.place(i)] = (byte) codes[from + i];
    }
    to.addAll(List.of(placed));
  }

  /** All numbers of a row of blocks. */
  private static List<Number> numbers(GgmlType type, MemorySegment row, int cols) {
    ActivationLayout layout = ActivationLayout.of(type);
    List<Number> numbers = new ArrayList<>();
    for (int i = 0; i < cols / layout.elements(); i++) {
      MemorySegment block = row.asSlice((long) i * layout.bytes(), layout.bytes());
      if (layout == ActivationLayout.FLOATS) {
        numbers.add(block.get(JAVA_FLOAT, 0));
        continue;
      }
      for (int j = 0; j < layout.elements(); j++) {
        numbers.add(block.get(JAVA_BYTE, j));
      }
      if (layout == ActivationLayout.BLOCKS_OF_32) {
        numbers.add(block.get(JAVA_FLOAT, ActivationLayout.SCALE_32));
        numbers.add(block.get(JAVA_FLOAT, ActivationLayout.SUM_32));
        numbers.add(block.get(JAVA_INT, ActivationLayout.MINUS_8_SUMS_32));
      } else {
        for (int j = 0; j < 16; j++) {
          numbers.add(
              block.get(JAVA_FLOAT, ActivationLayout.SUMS_16 + 4 * ActivationLayout.lane(j)));
        }
        numbers.add(block.get(JAVA_FLOAT, ActivationLayout.SCALE_256));
      }
    }
    return numbers;
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F32", "F16", "BF16"})
  void rowsOfFloatsEndAnywhere(GgmlType type) {
    Random random = new Random(5);
    for (int cols : new int[] {1, 7, 8, 9, 31, 515}) {
      float[] x = new float[cols + 3];
      FloatArrays.setAll(x, i -> random.nextGaussian());
      ActivationRows scalar = new ActivationRows(new ScalarKernels(), type, 1, cols);
      scalar.set(x, 2, cols, 0);
      for (VectorKernels kernels : TestKernels.assembled()) {
        ActivationRows rows = new ActivationRows(kernels, type, 1, cols);
        rows.blocks.fill((byte) 99);
        rows.set(x, 2, cols, 0);
        assertThat(numbers(type, rows.blocks, cols)).isEqualTo(expected(type, scalar, cols));
        MemorySegment after = rows.blocks.asSlice(4L * cols);
        assertThat(after.toArray(JAVA_BYTE)).containsOnly(99);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"Q8_0", "Q8_1", "Q8_K"})
  void theFirstOfSeveralExtremesDecides(GgmlType type) {
    for (int first : new int[] {0, 1, 31, 32, 77, 254}) {
      for (float extreme : new float[] {-3, 3}) {
        float[] x = new float[COLS];
        FloatArrays.setAll(x, i -> i % 256 < first ? 0.25 : i % 256 == first ? extreme : -extreme);
        assertSameBits(type, x);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F32", "F16", "BF16", "Q8_0", "Q8_1", "Q8_K"})
  void whatIsNoNumberIsStoredAsByPlainJava(GgmlType type) {
    float[] all = {
      Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -Float.NaN, 0f, -0f
    };
    for (float bad : all) {
      float[] x = new float[COLS];
      FloatArrays.setAll(x, i -> i == 300 || i == 309 ? bad : (i % 7) - 3);
      assertSameBits(type, x);
      Arrays.fill(x, bad);
      assertSameBits(type, x);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F16", "BF16"})
  void roundingAgreesForAllUpperHalves(GgmlType type) {
    for (int lower : new int[] {0, 1, 0x0FFF, 0x1000, 0x1001, 0x7FFF, 0x8000, 0x8001, 0xFFFF}) {
      for (int from = 0; from < 1 << 16; from += COLS) {
        int first = from;
        float[] x = new float[COLS];
        FloatArrays.setAll(x, i -> Float.intBitsToFloat((first + i) << 16 | lower));
        assertSameBits(type, x);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F32", "F16", "BF16", "Q8_0", "Q8_1", "Q8_K"})
  void aBlockThatIsNotFiniteHasNoFiniteScale(GgmlType type) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (VectorKernels k : new VectorKernels[] {new ScalarKernels(), new PanamaKernels()}) {
        float[] x = new float[COLS];
        Arrays.fill(x, 1);
        x[40] = bad;
        ActivationRows a = new ActivationRows(k, weights(type), 1, COLS);
        a.set(x, 0, COLS, 0);
        float spoiled = type.blockSize() == 1 ? a.values[40] : a.scales[40 / 32];
        assertThat(Float.isFinite(spoiled)).isFalse();
        assertThat(a.values[300]).isNotNaN();
      }
    }
  }

  @Test
  void aRowThatDoesNotFitIsRefused() {
    ActivationRows a = new ActivationRows(new ScalarKernels(), GgmlType.Q4_K, 1, COLS);
    assertThatThrownBy(() -> a.set(new float[1024], 0, 1024, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 512");
    assertThatThrownBy(() -> a.set(new float[1024], 0, 100, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("multiple of 256");
  }
}

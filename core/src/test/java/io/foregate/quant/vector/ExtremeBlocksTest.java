package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.encode.ReferenceQuantizer;
import io.foregate.quant.format.LittleEndian;
import io.foregate.quant.format.Quants;
import io.foregate.quant.format.TestFactors;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every implementation of {@link VectorKernels} against {@link ScalarKernels} on blocks that no
 * quantizer would write: every code at its lowest, its highest, or random; every scale random,
 * huge, subnormal, zero, infinite or NaN. Rows with an infinity or NaN must not be finite, and must
 * not touch their neighbours.
 */
class ExtremeBlocksTest {
  private static final int ROWS = 40;
  private static final int COLS = 512;
  private static final int BATCH = 21;
  private static final int[] CODES = {0x00, 0xFF, 0x7F, 0x80, 0x0F, 0xF0, -1};
  private static final short[] F16S = {
    0x0000, (short) 0x8000, 0x0001, 0x03FF, 0x3C00, (short) 0xBC00, 0x7BFF, (short) 0xFBFF
  };
  private static final short[] NOT_FINITE = {0x7C00, (short) 0xFC00, 0x7E00, (short) 0xFE01};

  private final VectorKernels scalar = new ScalarKernels();
  private final VectorKernels panama = new PanamaKernels();
  private final List<VectorKernels> all = TestKernels.all();
  private final Random random = new Random(7);

  static Stream<GgmlType> types() {
    return Arrays.stream(GgmlType.values()).filter(Quants::supports);
  }

  static Stream<GgmlType> blockTypes() {
    return types().filter(t -> t.blockSize() > 1);
  }

  /** Every row has its own kind of codes; scales go through {@code f16}. */
  private MemorySegment weights(GgmlType type, short[] f16, Arena arena) {
    int rowBytes = (int) type.byteSize(COLS);
    byte[] bytes = new byte[ROWS * rowBytes];
    random.nextBytes(bytes);
    for (int r = 0; r < ROWS; r++) {
      int code = CODES[r % CODES.length];
      if (code >= 0) {
        Arrays.fill(bytes, r * rowBytes, (r + 1) * rowBytes, (byte) code);
      }
    }
    int next = 0;
    for (int block = 0; block < bytes.length; block += type.blockBytes()) {
      next = TestFactors.set(type, bytes, block, f16, next);
    }
    return arena.allocate(bytes.length + 1L).asSlice(1).copyFrom(MemorySegment.ofArray(bytes));
  }

  /** Activations of full swing, of one spike among small values, constant, and zero. */
  private float[] activations() {
    float[] x = new float[BATCH * COLS];
    for (int b = 0; b < BATCH; b++) {
      for (int c = 0; c < COLS; c++) {
        x[b * COLS + c] =
            switch (b % 5) {
              case 0 -> (c & 1) == 0 ? 3 : -3;
              case 1 -> c % 300 == 17 ? 90 : 0.01f * random.nextFloat();
              case 2 -> -1.5f;
              case 3 -> 0;
              default -> (float) random.nextGaussian();
            };
      }
    }
    return x;
  }

  private static ActivationRows activation(VectorKernels k, GgmlType type, float[] x) {
    ActivationRows a = new ActivationRows(k, type, BATCH, COLS);
    for (int b = 0; b < BATCH; b++) {
      a.set(x, b * COLS, COLS, b);
    }
    return a;
  }

  private static float[] matVec(VectorKernels k, GgmlType type, MemorySegment w, float[] x) {
    ActivationRows a = activation(k, type, x);
    float[] y = new float[BATCH * ROWS];
    for (int b = 0; b < BATCH; b++) {
      k.matVec(type, w, 0, COLS, 0, ROWS, a, b, y, b * ROWS, new Scratch());
    }
    return y;
  }

  private static float[] matMul(VectorKernels k, GgmlType type, MemorySegment w, float[] x) {
    float[] y = new float[BATCH * ROWS];
    k.matMul(
        type, w, 0, COLS, 0, ROWS, activation(k, type, x), 0, BATCH, y, ROWS, 0, new Scratch());
    return y;
  }

  /**
   * How far two orders of at most 64 additions may be apart, and (Q8_1) sums rounded to fp16 from
   * exact ones. Vector kernels sum unsigned codes and take their centre off at the end, so a term
   * counts with a code at most 32 larger.
   */
  private static double[] tolerance(GgmlType type, MemorySegment w, float[] x) {
    double[] tolerance = new double[BATCH * ROWS];
    UnpackedBlock block = new UnpackedBlock();
    boolean halfSums = Quants.dotType(type) == GgmlType.Q8_1;
    for (int r = 0; r < ROWS; r++) {
      for (int c = 0; c < COLS; c += type.blockSize()) {
        block.read(type, w, type.byteSize((long) r * COLS + c));
        for (int i = 0; i < type.blockSize(); i++) {
          int sub = i / block.subSize;
          double min = Math.abs(block.min[sub]);
          double weight = Math.abs(block.scale[sub]) * (Math.abs(block.q[i]) + 32) + min;
          for (int b = 0; b < BATCH; b++) {
            double magnitude = Math.abs(x[b * COLS + c + i]) + 1e-6;
            tolerance[b * ROWS + r] += magnitude * (0x1p-17 * weight + (halfSums ? 2e-3 * min : 0));
          }
        }
      }
    }
    return tolerance;
  }

  private static void assertAgree(float[] actual, float[] expected, double[] tolerance) {
    for (int i = 0; i < expected.length; i++) {
      // A check in plain Java first: there are a million of them.
      if (!(Math.abs((double) actual[i] - expected[i]) <= tolerance[i])) {
        assertThat((double) actual[i]).as("y[%d]", i).isCloseTo(expected[i], within(tolerance[i]));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("blockTypes")
  void extremeCodesAndScalesGiveWhatScalarKernelsGive(GgmlType type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = weights(type, F16S, arena);
      float[] x = activations();
      double[] tolerance = tolerance(type, w, x);
      float[] expected = matVec(scalar, type, w, x);
      for (VectorKernels k : all) {
        assertAgree(matVec(k, type, w, x), expected, tolerance);
        assertAgree(matMul(k, type, w, x), expected, tolerance);
      }
    }
  }

  /** A power of two is always finite, as MXFP4's scale. */
  static Stream<GgmlType> typesThatMayNotBeFinite() {
    return types().filter(t -> !t.isQuantized() || TestFactors.mayNotBeFinite(t));
  }

  @ParameterizedTest
  @MethodSource("typesThatMayNotBeFinite")
  void whatIsNotFiniteStaysInItsRow(GgmlType type) {
    try (Arena arena = Arena.ofConfined()) {
      float[] x = new float[BATCH * COLS];
      for (int i = 0; i < x.length; i++) {
        x[i] = 1 + random.nextFloat();
      }
      float[] values = new float[ROWS * COLS];
      FloatArrays.setAll(values, i -> random.nextGaussian());
      MemorySegment good = arena.allocate(type.byteSize(values.length));
      good.copyFrom(TestWeights.of(type, values));
      for (short bits : NOT_FINITE) {
        MemorySegment w = arena.allocate(good.byteSize()).copyFrom(good);
        int bad = 37;
        spoil(type, w, type.byteSize((long) bad * COLS + 256), bits);
        for (VectorKernels k : all) {
          assertOnlyRowIsNotFinite(bad, matVec(k, type, w, x));
          assertOnlyRowIsNotFinite(bad, matMul(k, type, w, x));
        }
      }
    }
  }

  private static void spoil(GgmlType type, MemorySegment w, long block, short f16) {
    switch (type) {
      case F32 -> w.set(ValueLayout.JAVA_FLOAT_UNALIGNED, block, Float.float16ToFloat(f16));
      case F16 -> w.set(LittleEndian.SHORT, block, f16);
      case BF16 ->
          w.set(
              LittleEndian.SHORT,
              block,
              (short) (Float.floatToRawIntBits(Float.float16ToFloat(f16)) >>> 16));
      default -> {
        byte[] bytes = w.toArray(ValueLayout.JAVA_BYTE);
        TestFactors.set(type, bytes, (int) block, new short[] {f16}, 0);
        w.copyFrom(MemorySegment.ofArray(bytes));
      }
    }
  }

  private static void assertOnlyRowIsNotFinite(int bad, float[] y) {
    BitSet expected = new BitSet();
    for (int b = 0; b < BATCH; b++) {
      expected.set(b * ROWS + bad);
    }
    assertThat(notFinite(y)).isEqualTo(expected);
  }

  private static BitSet notFinite(float[] y) {
    BitSet indices = new BitSet();
    for (int i = 0; i < y.length; i++) {
      indices.set(i, !Float.isFinite(y[i]));
    }
    return indices;
  }

  @ParameterizedTest
  @MethodSource("types")
  void anActivationThatIsNotFiniteReachesEveryRow(GgmlType type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = arena.allocate(type.byteSize(ROWS * COLS));
      float[] values = new float[ROWS * COLS];
      FloatArrays.setAll(values, i -> random.nextGaussian());
      w.copyFrom(TestWeights.of(type, values));
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        float[] x = activations();
        int spoiled = 18;
        x[spoiled * COLS + 300] = bad;
        for (VectorKernels k : all) {
          assertOnlyBatchRowIsNotFinite(spoiled, matVec(k, type, w, x));
          assertOnlyBatchRowIsNotFinite(spoiled, matMul(k, type, w, x));
        }
      }
    }
  }

  private static void assertOnlyBatchRowIsNotFinite(int bad, float[] y) {
    BitSet expected = new BitSet();
    expected.set(bad * ROWS, (bad + 1) * ROWS);
    assertThat(notFinite(y)).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("blockTypes")
  void weightsOnTheHeapGiveTheSame(GgmlType type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = weights(type, F16S, arena);
      MemorySegment heap = MemorySegment.ofArray(w.toArray(ValueLayout.JAVA_BYTE));
      float[] x = activations();
      double[] tolerance = tolerance(type, w, x);
      for (VectorKernels k : TestKernels.here()) {
        assertAgree(matVec(k, type, heap, x), matVec(k, type, w, x), tolerance);
        assertAgree(matMul(k, type, heap, x), matMul(k, type, w, x), tolerance);
      }
    }
  }

  @Test
  void longRowsAreMultipliedInStretches() {
    int cols = 2 * Scratch.SCALES * 16 + 256;
    try (Arena arena = Arena.ofConfined()) {
      float[] values = new float[cols];
      FloatArrays.setAll(values, i -> random.nextGaussian());
      for (GgmlType type : new GgmlType[] {GgmlType.Q2_K, GgmlType.Q4_K, GgmlType.Q6_K}) {
        MemorySegment w = arena.allocate(type.byteSize(cols));
        ReferenceQuantizer.quantize(type, values, 0, w, 0, cols);
        float[] y = new float[all.size()];
        int out = 0;
        for (VectorKernels k : all) {
          ActivationRows a = new ActivationRows(k, type, 1, cols);
          a.set(values, 0, cols, 0);
          k.matVec(type, w, 0, cols, 0, 1, a, 0, y, out++, new Scratch());
        }
        for (float result : y) {
          assertThat(result).isCloseTo(y[0], within(y[0] * 1e-4f));
        }
      }
    }
  }

  @Test
  void memoryBeyondTheWeightsIsNotRead() {
    float[] x = new float[COLS];
    ActivationRows a = new ActivationRows(panama, GgmlType.Q8_0, 1, COLS);
    a.set(x, 0, COLS, 0);
    float[] y = new float[2];
    Arena arena = Arena.ofConfined();
    MemorySegment w = arena.allocate(GgmlType.Q8_0.byteSize(COLS));
    assertThatThrownBy(
            () -> panama.matVec(GgmlType.Q8_0, w, 0, COLS, 0, 2, a, 0, y, 0, new Scratch()))
        .isInstanceOf(IndexOutOfBoundsException.class);
    arena.close();
    assertThatThrownBy(
            () -> panama.matVec(GgmlType.Q8_0, w, 0, COLS, 0, 1, a, 0, y, 0, new Scratch()))
        .isInstanceOf(IllegalStateException.class);
  }
}

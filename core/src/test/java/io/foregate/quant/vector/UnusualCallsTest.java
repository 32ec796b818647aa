package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.format.Quants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Calls that no model makes, or only a bad one: of no rows, of rows longer than any buffer, on
 * threads that are interrupted.
 */
class UnusualCallsTest {
  private static final int ROWS = 19;
  private static final int COLUMNS = 512;
  private static final int TOKENS = 3;
  private static final float POISON = -77.125f;
  private static final int CALLS = 200;

  /** Longer than what a call of machine code takes, and than every scratch. */
  private static final int LONG = (1 << 17) + 256;

  private static final int LONG_ROWS = 3;

  static Stream<GgmlType> types() {
    return Arrays.stream(GgmlType.values()).filter(Quants::supports);
  }

  static Stream<VectorKernels> kernels() {
    return TestKernels.all().stream();
  }

  private static float[] values(int count) {
    var random = new Random(count);
    float[] values = new float[count];
    FloatArrays.setAll(values, _ -> random.nextGaussian());
    return values;
  }

  private static ActivationRows activations(VectorKernels k, GgmlType type, int tokens, int cols) {
    float[] x = values(tokens * cols);
    var rows = new ActivationRows(k, type, tokens, cols);
    for (int t = 0; t < tokens; t++) {
      rows.set(x, t * cols, cols, t);
    }
    return rows;
  }

  @ParameterizedTest
  @MethodSource("types")
  void noRowsAndNoTokensWriteNothing(GgmlType type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = arena.allocate(type.byteSize((long) ROWS * COLUMNS));
      for (MemorySegment weights : List.of(w, w.asSlice(0, 0), heap(w))) {
        for (VectorKernels k : TestKernels.all()) {
          ActivationRows x = activations(k, type, TOKENS, COLUMNS);
          var scratch = new Scratch();
          float[] y = new float[TOKENS * ROWS];
          Arrays.fill(y, POISON);
          k.matVec(type, weights, 0, COLUMNS, 0, 0, x, 0, y, 0, scratch);
          k.matMul(type, weights, 0, COLUMNS, 0, 0, x, 0, TOKENS, y, ROWS, 0, scratch);
          k.matMul(type, w, 0, COLUMNS, 0, ROWS, x, 1, 1, y, ROWS, 0, scratch);
          assertThat(y).containsOnly(POISON);
        }
      }
    }
  }

  private static MemorySegment heap(MemorySegment w) {
    return MemorySegment.ofArray(new byte[(int) w.byteSize()]).copyFrom(w);
  }

  @ParameterizedTest
  @MethodSource("types")
  void machineCodeIsNotEnteredForNoRows(GgmlType type) {
    if (!RowProducts.types().contains(type)) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(1 << 16);
      TestKernels.products()
          .forEach(
              products ->
                  assertThatThrownBy(
                          () ->
                              products.multiply(
                                  type, memory, 0, COLUMNS, 0, memory, 0, 4096, 1, memory, 1))
                      .isInstanceOf(IllegalArgumentException.class)
                      .hasMessageContaining("0 rows"));
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void rowsLongerThanAnyBufferGiveWhatScalarKernelsGive(GgmlType type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment heap = TestWeights.of(type, values(LONG_ROWS * LONG));
      MemorySegment w = arena.allocate(heap.byteSize()).copyFrom(heap);
      float[] expected = product(new ScalarKernels(), type, w, LONG, LONG_ROWS);
      float largest = 0;
      for (float value : expected) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (VectorKernels k : TestKernels.all()) {
        float[] y = product(k, type, w, LONG, LONG_ROWS);
        for (int i = 0; i < y.length; i++) {
          assertThat(y[i]).as(k.name()).isCloseTo(expected[i], within(1e-4f * largest));
        }
      }
    }
  }

  private static float[] product(
      VectorKernels k, GgmlType type, MemorySegment w, int cols, int rows) {
    float[] y = new float[TOKENS * rows];
    ActivationRows x = activations(k, type, TOKENS, cols);
    k.matMul(type, w, 0, cols, 0, rows, x, 0, TOKENS, y, rows, 0, new Scratch());
    return y;
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void anInterruptChangesNothingAndStays(VectorKernels k) {
    try (Arena arena = Arena.ofConfined()) {
      for (GgmlType type : List.of(GgmlType.F16, GgmlType.Q8_0, GgmlType.Q4_K)) {
        MemorySegment heap = TestWeights.of(type, values(ROWS * COLUMNS));
        MemorySegment w = arena.allocate(heap.byteSize()).copyFrom(heap);
        float[] expected = product(k, type, w, COLUMNS, ROWS);
        Thread.currentThread().interrupt();
        float[] interrupted = product(k, type, w, COLUMNS, ROWS);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(interrupted).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void interruptsInsideOfCallsChangeNothing(VectorKernels k) {
    Thread caller = Thread.currentThread();
    var over = new AtomicBoolean();
    Thread other =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!over.get()) {
                    caller.interrupt();
                    Thread.onSpinWait();
                  }
                });
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment heap = TestWeights.of(GgmlType.Q4_K, values(ROWS * COLUMNS));
      MemorySegment w = arena.allocate(heap.byteSize()).copyFrom(heap);
      float[] expected = product(k, GgmlType.Q4_K, w, COLUMNS, ROWS);
      for (int i = 0; i < CALLS; i++) {
        assertThat(product(k, GgmlType.Q4_K, w, COLUMNS, ROWS)).isEqualTo(expected);
      }
    } finally {
      over.set(true);
      boolean _ = Thread.interrupted();
      join(other);
    }
  }

  /** Although the last interrupt, which was meant for the calls, may come only now. */
  private static void join(Thread other) {
    boolean joined = false;
    while (!joined) {
      try {
        joined = other.join(Duration.ofSeconds(10));
      } catch (InterruptedException e) {
        joined = false;
      }
    }
    boolean _ = Thread.interrupted();
  }
}

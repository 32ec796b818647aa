package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.files.SharedMemory;
import io.foregate.gguf.GgmlType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights whose memory ends while another thread multiplies with them. */
class ClosedWeightsTest {
  private static final int ROWS = 2000;
  private static final int COLUMNS = 2048;
  private static final int TIMES = 20;

  static Stream<VectorKernels> kernels() {
    return TestKernels.assembled().stream();
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void aCallIsWaitedForAndTheNextOneRefused(VectorKernels kernels) throws InterruptedException {
    for (int i = 0; i < TIMES; i++) {
      Arena arena = Arena.ofShared();
      MemorySegment weights = arena.allocate(GgmlType.Q4_K.byteSize((long) ROWS * COLUMNS));
      var begun = new CountDownLatch(1);
      var end = new AtomicReference<Throwable>();
      Thread multiplying = new Thread(() -> multiply(kernels, weights, begun));
      multiplying.setUncaughtExceptionHandler((_, e) -> end.set(e));
      multiplying.start();
      begun.await();
      SharedMemory.close(arena);
      multiplying.join();
      assertThat(arena.scope().isAlive()).isFalse();
      assertThat(end.get()).isInstanceOf(IllegalStateException.class);
    }
  }

  /** Until it fails. */
  private static void multiply(VectorKernels kernels, MemorySegment weights, CountDownLatch begun) {
    var x = new ActivationRows(kernels, GgmlType.Q4_K, 1, COLUMNS);
    x.set(new float[COLUMNS], 0, COLUMNS, 0);
    float[] y = new float[ROWS];
    var scratch = new Scratch();
    while (true) {
      kernels.matVec(GgmlType.Q4_K, weights, 0, COLUMNS, 0, ROWS, x, 0, y, 0, scratch);
      begun.countDown();
    }
  }
}

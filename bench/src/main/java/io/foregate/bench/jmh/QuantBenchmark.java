package io.foregate.bench.jmh;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.encode.ReferenceQuantizer;
import io.foregate.quant.vector.ActivationRows;
import io.foregate.quant.vector.Scratch;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.quant.vector.VectorProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The kernels of {@link VectorKernels} on one thread, every weight type: nanoseconds per weight for
 * {@link #matVec}, per weight and activation for {@link #matMul} (so 2 / score is GFLOP/s), per
 * element for {@link #setActivation}. {@code -prof gc} shows that none allocates; {@code -jvmArgs
 * -Dforegate.vector=scalar} times the scalar twins.
 *
 * <p>The matrix, an expert's size in a small model, stays in a cache: this times arithmetic, not
 * memory.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
    value = 1,
    jvmArgs = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class QuantBenchmark {
  private static final int ROWS = 256;
  private static final int COLS = 512;
  private static final int BATCH = 128;

  /** Type of the weights. */
  @Param({
    "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K",
    "Q6_K"
  })
  private GgmlType type;

  private final VectorKernels kernels = VectorProvider.get().kernels();
  private final Scratch scratch = new Scratch();
  private ActivationRows activation;
  private final float[] x = new float[COLS];
  private final float[] y = new float[BATCH * ROWS];
  private Arena arena;
  private MemorySegment weights;

  /** Makes random weights and activations. */
  @Setup
  public void fill() {
    Random random = new Random(1);
    for (int i = 0; i < COLS; i++) {
      x[i] = (float) random.nextGaussian();
    }
    float[] values = new float[ROWS * COLS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    arena = Arena.ofConfined();
    weights = arena.allocate(type.byteSize(values.length), 64);
    ReferenceQuantizer.quantize(type, values, 0, weights, 0, values.length);
    activation = new ActivationRows(kernels, type, BATCH, COLS);
    for (int b = 0; b < BATCH; b++) {
      activation.set(x, 0, COLS, b);
    }
  }

  /** Decode: the matrix times one activation. */
  @Benchmark
  @OperationsPerInvocation(ROWS * COLS)
  public float[] matVec() {
    kernels.matVec(type, weights, 0, COLS, 0, ROWS, activation, 0, y, 0, scratch);
    return y;
  }

  /** Prefill: the matrix times a batch. */
  @Benchmark
  @OperationsPerInvocation(ROWS * COLS * BATCH)
  public float[] matMul() {
    kernels.matMul(type, weights, 0, COLS, 0, ROWS, activation, 0, BATCH, y, ROWS, 0, scratch);
    return y;
  }

  /** Rounds an activation to what the weights' type multiplies with. */
  @Benchmark
  @OperationsPerInvocation(COLS)
  public ActivationRows setActivation() {
    activation.set(x, 0, COLS, 0);
    return activation;
  }

  /** Frees the weights. */
  @TearDown
  public void free() {
    arena.close();
  }
}

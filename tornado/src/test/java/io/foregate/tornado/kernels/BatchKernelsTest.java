package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.MatMul;
import io.foregate.kernels.Planes;
import io.foregate.kernels.Tiles;
import io.foregate.quant.vector.ActivationRows;
import io.foregate.quant.vector.Scratch;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.quant.vector.VectorProvider;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels that multiply weights with several tokens: as {@link MatrixKernelsTest}. */
class BatchKernelsTest {
  private static final double FLOAT_ERROR = 1e-3;
  private static final double INT8_ERROR = 2e-2;

  private static Stream<Arguments> typesAndShapes() {
    return Stream.of(GgmlType.values())
        .filter(type -> Planes.supports(type.id()))
        .flatMap(
            type ->
                type.blockSize() == 256
                    ? Stream.of(Arguments.of(type, 37, 512, 9, 9, 128))
                    : Stream.of(
                        Arguments.of(type, 33, 96, 37, 64, 32),
                        Arguments.of(type, 3, 160, 2, 2, 64)));
  }

  @ParameterizedTest(name = "{0} {1} x {2}, {3} of {4} tokens, {5} threads")
  @MethodSource("typesAndShapes")
  void product(GgmlType type, int rows, int columns, int tokens, int most, int lanes) {
    var random = new Random(type.id() * 31 + columns);
    TestMatrix w = TestMatrix.random(type, rows, columns, random);
    float[] input = TestMatrix.floats(tokens * columns, random);
    int before = 7; // the matrix does not begin where the memory does
    var weights = new IntArray(before + w.words());
    w.pack(weights.getSegment(), before);
    var x = new FloatArray(most * columns);
    x.init(Float.NaN);
    for (int i = 0; i < input.length; i++) {
      x.set(i, input[i]);
    }
    IntArray args = IntArray.fromElements(1, 100, tokens);
    var directory = new IntArray(2 * Directory.PARTS);
    directory.set(Directory.PARTS + Directory.OUTPUT, before);
    var floats = new FloatArray(1);
    int kind = type.id();
    int groups = Tiles.ofRows(rows) * Tiles.ofTokens(most);
    int part = Directory.OUTPUT;
    FloatArray plain = Poisoned.array(tokens * rows);
    PlainJava.run(
        groups,
        c ->
            MatMul.product(
                c, args, directory, weights, floats, x, plain, part, kind, rows, columns, rows, 0,
                0));
    FloatArray device = Poisoned.array(tokens * rows);
    DeviceRun.run(
        groups,
        lanes,
        g ->
            g.task(
                "kernel",
                MatMul::product,
                DeviceRun.context(),
                args,
                directory,
                weights,
                floats,
                x,
                device,
                part,
                kind,
                rows,
                columns,
                rows,
                0,
                0),
        new Object[] {args, directory, weights, floats, x},
        new Object[] {device});
    Poisoned.assertWritten(plain);
    Poisoned.assertWritten(device);
    double[] expected = expected(w, input, tokens);
    assertThat(TestMatrix.error(expected, plain)).isLessThan(FLOAT_ERROR);
    assertThat(TestMatrix.error(expected, device)).isLessThan(FLOAT_ERROR);
    assertThat(TestMatrix.error(cpu(w, input, tokens), device)).isLessThan(INT8_ERROR);
  }

  private static double[] expected(TestMatrix w, float[] input, int tokens) {
    int columns = input.length / tokens;
    return IntStream.range(0, tokens)
        .mapToObj(t -> Arrays.copyOfRange(input, t * columns, (t + 1) * columns))
        .flatMapToDouble(in -> Arrays.stream(w.times(TestMatrix.doubles(in))))
        .toArray();
  }

  /** What the CPU backend computes, token by token. */
  private static double[] cpu(TestMatrix w, float[] input, int tokens) {
    VectorKernels kernels = VectorProvider.get().kernels();
    GgmlType type = w.matrix().type();
    int columns = w.matrix().columns();
    var x = new ActivationRows(kernels, type, 1, columns);
    float[] y = new float[tokens * w.rows()];
    for (int t = 0; t < tokens; t++) {
      x.set(input, t * columns, columns, 0);
      kernels.matVec(
          type, w.matrix().data(), 0, columns, 0, w.rows(), x, 0, y, t * w.rows(), new Scratch());
    }
    return TestMatrix.doubles(y);
  }

  /** Rows of any length, results beside other things, added to what is there. */
  @ParameterizedTest
  @CsvSource({"5, 77, 3", "40, 1, 33"})
  void productOfFloats(int rows, int columns, int tokens) {
    var random = new Random(columns);
    TestMatrix w = TestMatrix.random(GgmlType.F32, rows, columns, random);
    float[] input = TestMatrix.floats(tokens * columns, random);
    FloatArray floats = FloatArray.fromArray(w.decoded());
    FloatArray x = FloatArray.fromArray(input);
    IntArray args = IntArray.fromElements(0, 0, tokens);
    var directory = new IntArray(Directory.PARTS);
    directory.init(0);
    var weights = new IntArray(1);
    int stride = rows + 3;
    var device = new FloatArray(tokens * stride);
    device.init(100f);
    DeviceRun.run(
        Tiles.ofRows(rows) * Tiles.ofTokens(tokens),
        Tiles.LANES,
        g ->
            g.task(
                "kernel",
                MatMul::product,
                DeviceRun.context(),
                args,
                directory,
                weights,
                floats,
                x,
                device,
                Directory.ROUTER,
                Planes.F32,
                rows,
                columns,
                stride,
                2,
                1),
        new Object[] {args, directory, weights, floats, x},
        new Object[] {device});
    double[] products = expected(w, input, tokens);
    double[] expected = new double[tokens * stride];
    for (int i = 0; i < expected.length; i++) {
      int row = i % stride - 2;
      expected[i] = 100 + (row >= 0 && row < rows ? products[i / stride * rows + row] : 0);
    }
    assertThat(TestMatrix.error(expected, device)).isLessThan(1e-6);
  }

  @ParameterizedTest(name = "gate and up {0}, down {1}, {2} of {3} tokens, unit {4}")
  @CsvSource({
    "Q8_0, Q8_0, 1, 2, 2",
    "Q4_0, F16, 40, 40, 1",
    "Q4_K, Q6_K, 40, 64, 0",
    "Q3_K, Q5_K, 7, 8, 0",
    "Q2_K, Q3_K, 3, 3, 0",
    "MXFP4, MXFP4, 9, 16, 3",
    "IQ4_XS, IQ4_NL, 3, 4, 0"
  })
  void expertsOfABatchInTwoWaves(GgmlType type, GgmlType downType, int tokens, int most, int unit) {
    var run = new BatchExpertsCase(type, downType, tokens, most, unit);
    int[] all = IntStream.range(0, BatchExpertsCase.EXPERTS).toArray();
    FloatArray inOne = run.onDevice(new int[][] {all});
    FloatArray inTwo = run.onDevice(new int[][] {{2, 4}, {3, 0, 1}});
    FloatArray plain = run.asPlainJava(new int[][] {{2, 4}, {3, 0, 1}});
    double[] expected = run.expected();
    assertThat(TestMatrix.error(expected, plain)).isLessThan(FLOAT_ERROR);
    assertThat(TestMatrix.error(expected, inOne)).isLessThan(FLOAT_ERROR);
    Poisoned.assertWritten(inOne);
    for (int i = 0; i < expected.length; i++) {
      assertThat(inTwo.get(i)).as("element %d, in two waves", i).isEqualTo(inOne.get(i));
    }
  }
}

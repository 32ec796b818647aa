package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Embedding;
import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.MatVec;
import io.foregate.kernels.Planes;
import io.foregate.kernels.UnitFunctions;
import io.foregate.quant.format.PlanePacker;
import io.foregate.quant.vector.ActivationRows;
import io.foregate.quant.vector.Scratch;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.quant.vector.VectorProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Kernels that read weights, in the manner of ggml's test-backend-ops: every type in several
 * shapes, random inputs, poisoned outputs; the device beside the same method as plain Java, beside
 * double precision, and beside the CPU backend, which rounds activations to 8 bits.
 */
class MatrixKernelsTest {
  private static final double FLOAT_ERROR = 1e-3;
  private static final double INT8_ERROR = 2e-2;

  private static Stream<Arguments> typesAndShapes() {
    return types()
        .flatMap(
            type ->
                type.blockSize() == 256
                    ? Stream.of(Arguments.of(type, 37, 768, 32), Arguments.of(type, 1, 256, 8))
                    : Stream.of(Arguments.of(type, 37, 96, 4), Arguments.of(type, 3, 1056, 64)));
  }

  private static Stream<GgmlType> types() {
    return Stream.of(GgmlType.values()).filter(type -> Planes.supports(type.id()));
  }

  @ParameterizedTest(name = "{0} {1} x {2}, {3} threads")
  @MethodSource("typesAndShapes")
  void product(GgmlType type, int rows, int columns, int lanes) {
    var random = new Random(type.id() * 31 + columns);
    TestMatrix w = TestMatrix.random(type, rows, columns, random);
    float[] input = TestMatrix.floats(columns, random);
    int before = 7; // the matrix does not begin where the memory does
    var weights = new IntArray(before + w.words());
    w.pack(weights.getSegment(), before);
    FloatArray x = FloatArray.fromArray(input);
    IntArray args = IntArray.fromElements(1);
    var directory = new IntArray(2 * Directory.PARTS);
    directory.set(Directory.PARTS + Directory.OUTPUT, before);
    var floats = new FloatArray(1);
    double[] expected = w.times(TestMatrix.doubles(input));
    FloatArray plain = Poisoned.array(rows);
    PlainJava.run(
        rows,
        c ->
            MatVec.product(
                c, args, directory, weights, floats, x, plain, 4, type.id(), rows, columns, 0, 0));
    FloatArray device = Poisoned.array(rows);
    DeviceRun.run(
        rows,
        lanes,
        g ->
            g.task(
                "kernel",
                MatVec::product,
                DeviceRun.context(),
                args,
                directory,
                weights,
                floats,
                x,
                device,
                Directory.OUTPUT,
                type.id(),
                rows,
                columns,
                0,
                0),
        new Object[] {args, directory, weights, floats, x},
        new Object[] {device});
    Poisoned.assertWritten(plain);
    Poisoned.assertWritten(device);
    assertThat(TestMatrix.error(expected, plain)).isLessThan(FLOAT_ERROR);
    assertThat(TestMatrix.error(expected, device)).isLessThan(FLOAT_ERROR);
    if (rows > 1) { // of a single number, the error of 8 bits may be as large as the number
      assertThat(TestMatrix.error(cpu(w, input), device)).isLessThan(INT8_ERROR);
    }
  }

  /** What the CPU backend computes. */
  private static double[] cpu(TestMatrix w, float[] input) {
    VectorKernels kernels = VectorProvider.get().kernels();
    GgmlType type = w.matrix().type();
    var x = new ActivationRows(kernels, type, 1, input.length);
    x.set(input, 0, input.length, 0);
    float[] y = new float[w.rows()];
    kernels.matVec(
        type, w.matrix().data(), 0, input.length, 0, w.rows(), x, 0, y, 0, new Scratch());
    return TestMatrix.doubles(y);
  }

  @Test
  void productOfFloatsInRowsOfAnyLengthAddsToWhatIsThere() {
    int at = 3;
    int rows = 5;
    int columns = 77;
    var random = new Random(5);
    TestMatrix w = TestMatrix.random(GgmlType.F32, rows, columns, random);
    float[] input = TestMatrix.floats(columns, random);
    FloatArray floats = FloatArray.fromArray(w.decoded());
    FloatArray x = FloatArray.fromArray(input);
    IntArray args = IntArray.fromElements(0);
    var directory = new IntArray(Directory.PARTS);
    var weights = new IntArray(1);
    var device = new FloatArray(at + rows);
    device.init(100f);
    double[] product = w.times(TestMatrix.doubles(input));
    double[] expected = new double[at + rows];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = i < at ? 100 : 100 + product[i - at];
    }
    DeviceRun.run(
        rows,
        16,
        g ->
            g.task(
                "kernel",
                MatVec::product,
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
                at,
                1),
        new Object[] {args, directory, weights, floats, x},
        new Object[] {device});
    assertThat(TestMatrix.error(expected, device)).isLessThan(1e-6);
  }

  @Test
  void attentionInputOfThreeTypes() {
    int queryRows = 24;
    int kvRows = 6;
    int valueRows = 5;
    int columns = 256;
    var random = new Random(9);
    TestMatrix query = TestMatrix.random(GgmlType.Q4_K, queryRows, columns, random);
    TestMatrix key = TestMatrix.random(GgmlType.Q8_0, kvRows, columns, random);
    TestMatrix value = TestMatrix.random(GgmlType.Q6_K, valueRows, columns, random);
    var weights = new IntArray(query.words() + key.words() + value.words());
    query.pack(weights.getSegment(), 0);
    key.pack(weights.getSegment(), query.words());
    value.pack(weights.getSegment(), query.words() + key.words());
    IntArray args = IntArray.fromElements(0);
    var directory = new IntArray(Directory.PARTS);
    directory.set(Directory.KEY, query.words());
    directory.set(Directory.VALUE, query.words() + key.words());
    float[] input = TestMatrix.floats(columns, random);
    FloatArray x = FloatArray.fromArray(input);
    var floats = new FloatArray(1);
    int rows = queryRows + kvRows + valueRows;
    FloatArray device = Poisoned.array(rows);
    DeviceRun.run(
        rows,
        8,
        g ->
            g.task(
                "kernel",
                MatVec::attentionInput,
                DeviceRun.context(),
                args,
                directory,
                weights,
                floats,
                x,
                device,
                query.kind(),
                key.kind(),
                value.kind(),
                queryRows,
                kvRows,
                valueRows,
                columns),
        new Object[] {args, directory, weights, floats, x},
        new Object[] {device});
    Poisoned.assertWritten(device);
    double[] in = TestMatrix.doubles(input);
    double[] expected =
        Stream.of(query.times(in), key.times(in), value.times(in))
            .flatMapToDouble(java.util.Arrays::stream)
            .toArray();
    assertThat(TestMatrix.error(expected, device)).isLessThan(FLOAT_ERROR);
  }

  @ParameterizedTest
  @MethodSource("types")
  void embeddingRowsAreDecodedAsGgmlDoes(GgmlType type) {
    int rows = 11;
    int columns = type.blockSize() == 256 ? 512 : 96;
    int[] tokens = {7, 0, 10};
    TestMatrix w = TestMatrix.random(type, rows, columns, new Random(3));
    var weights = new IntArray(w.words());
    w.pack(weights.getSegment(), 0);
    IntArray args = IntArray.fromElements(0, tokens[0], tokens[1], tokens[2]);
    var directory = new IntArray(Directory.PARTS);
    var floats = new FloatArray(1);
    var basis = new FloatArray(Embedding.BASIS);
    basis.init(0f);
    basis.set(Planes.UNIT, 1f);
    FloatArray device = Poisoned.array(tokens.length * columns);
    DeviceRun.run(
        Math.ceilDiv(tokens.length * columns, 64),
        64,
        g ->
            g.task(
                "kernel",
                Embedding::row,
                DeviceRun.context(),
                args,
                directory,
                weights,
                floats,
                basis,
                device,
                type.id(),
                rows,
                columns,
                tokens.length,
                1.5f),
        new Object[] {args, directory, weights, floats, basis},
        new Object[] {device});
    Poisoned.assertWritten(device);
    for (int i = 0; i < tokens.length * columns; i++) {
      float expected = 1.5f * w.decoded()[tokens[i / columns] * columns + i % columns];
      assertThat(device.get(i))
          .as("element %d", i)
          .isCloseTo(expected, org.assertj.core.data.Offset.offset(Math.abs(expected) * 1e-6f));
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void planesHoldEveryBit(GgmlType type) {
    TestMatrix w = TestMatrix.random(type, 3, 512, new Random(4));
    MemorySegment planes = Arena.ofAuto().allocate(4L * w.words() + 8);
    w.pack(planes, 2);
    MemorySegment back = Arena.ofAuto().allocate(w.matrix().data().byteSize());
    new PlanePacker(type, 3, 512).unpack(planes, 8, back);
    assertThat(back.mismatch(w.matrix().data())).isEqualTo(-1);
    assertThat(planes.byteSize() - 8 - back.byteSize())
        .as("bytes more than ggml's")
        .isBetween(0L, 2L);
  }

  private static Stream<Arguments> expertTypes() {
    return Stream.of(
        Arguments.of(GgmlType.Q8_0, GgmlType.Q8_0, UnitFunctions.BIASED),
        Arguments.of(GgmlType.Q4_0, GgmlType.F16, UnitFunctions.CLAMPED),
        Arguments.of(GgmlType.Q4_K, GgmlType.Q6_K, UnitFunctions.SILU),
        Arguments.of(GgmlType.Q3_K, GgmlType.Q5_K, UnitFunctions.SILU),
        Arguments.of(GgmlType.Q2_K, GgmlType.Q3_K, UnitFunctions.SILU),
        Arguments.of(GgmlType.MXFP4, GgmlType.MXFP4, UnitFunctions.CLAMPED + UnitFunctions.BIASED),
        Arguments.of(GgmlType.IQ4_XS, GgmlType.IQ4_NL, UnitFunctions.SILU));
  }

  /** Three experts of a token in two launches, in an order that is not the router's. */
  @ParameterizedTest(name = "gate and up {0}, down {1}, unit {2}")
  @MethodSource("expertTypes")
  void expertsInTwoWaves(GgmlType type, GgmlType downType, int unit) {
    ExpertsCase run = new ExpertsCase(type, downType, unit);
    FloatArray inOne = run.onDevice(new int[][] {{0, 1, 2}});
    FloatArray inTwo = run.onDevice(new int[][] {{2}, {1, 0}});
    FloatArray plain = run.asPlainJava(new int[][] {{2}, {1, 0}});
    double[] expected = run.expected();
    assertThat(TestMatrix.error(expected, plain)).isLessThan(FLOAT_ERROR);
    assertThat(TestMatrix.error(expected, inOne)).isLessThan(FLOAT_ERROR);
    Poisoned.assertWritten(inOne);
    for (int i = 0; i < expected.length; i++) {
      assertThat(inTwo.get(i)).as("row %d, in two waves", i).isEqualTo(inOne.get(i));
    }
    assertThat(LaunchArgs.RECORDS).isEqualTo(3);
  }
}

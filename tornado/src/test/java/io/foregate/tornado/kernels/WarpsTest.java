package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Int8;
import io.foregate.kernels.Int8Warps;
import io.foregate.kernels.Planes;
import io.foregate.kernels.UnitFunctions;
import io.foregate.kernels.Warps;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Kernels of warps with warps of one thread, which need no shuffles: as plain Java and on whatever
 * device there is, beside double precision. What shuffles do is for the self-test on a device.
 */
class WarpsTest {
  private static final double FLOAT_ERROR = 1e-3;
  private static final double INT8_ERROR = 2e-2;
  private static final int THREADS = 4;

  private static Stream<Arguments> typesAndShapes() {
    return Stream.of(GgmlType.values())
        .filter(type -> Planes.supports(type.id()))
        .flatMap(
            type ->
                type.blockSize() == 256
                    ? Stream.of(Arguments.of(type, 37, 768), Arguments.of(type, 8, 256))
                    : Stream.of(Arguments.of(type, 37, 96), Arguments.of(type, 3, 1056)));
  }

  @ParameterizedTest(name = "{0} {1} x {2}")
  @MethodSource("typesAndShapes")
  void product(GgmlType type, int rows, int columns) {
    var random = new Random(type.id() * 31 + columns);
    TestMatrix w = TestMatrix.random(type, rows, columns, random);
    float[] input = TestMatrix.floats(columns, random);
    var weights = new IntArray(w.words());
    w.pack(weights.getSegment(), 0);
    FloatArray x = FloatArray.fromArray(input);
    IntArray args = IntArray.fromElements(0);
    var directory = new IntArray(Directory.PARTS);
    directory.init(0);
    var floats = new FloatArray(1);
    FloatArray plain = Poisoned.array(rows);
    PlainJava.run(
        rows,
        c ->
            Warps.product(
                c, args, directory, weights, floats, x, plain, 4, type.id(), rows, columns, 0, 0,
                1));
    FloatArray device = Poisoned.array(rows);
    DeviceRun.run(
        Math.ceilDiv(rows, THREADS),
        THREADS,
        g ->
            g.task(
                "kernel",
                Warps::product,
                DeviceRun.context(),
                args,
                directory,
                weights,
                floats,
                x,
                device,
                4,
                type.id(),
                rows,
                columns,
                0,
                0,
                1),
        new Object[] {args, directory, weights, floats, x},
        new Object[] {device});
    Poisoned.assertWritten(plain);
    Poisoned.assertWritten(device);
    double[] expected = w.times(TestMatrix.doubles(input));
    assertThat(TestMatrix.error(expected, plain)).isLessThan(FLOAT_ERROR);
    assertThat(TestMatrix.error(expected, device)).isLessThan(FLOAT_ERROR);
    if (Int8.supports(type.id())) {
      assertThat(TestMatrix.error(expected, rounded(w, x, weights))).isLessThan(INT8_ERROR);
    }
  }

  /** The product with activations of 8 bits, which OpenCL devices have no instruction for. */
  private static FloatArray rounded(TestMatrix w, FloatArray x, IntArray weights) {
    int units = x.getSize() / Planes.UNIT;
    var codes = new IntArray(units * Int8.CODE_WORDS);
    var scales = new FloatArray(units * Int8.SCALES);
    PlainJava.run(units, c -> Int8.quantize(c, x, codes, scales, units));
    IntArray args = IntArray.fromElements(0);
    var directory = new IntArray(Directory.PARTS);
    directory.init(0);
    var y = new FloatArray(3 + w.rows());
    y.init(2f);
    PlainJava.run(
        w.rows(),
        c ->
            Int8Warps.product(
                c,
                args,
                directory,
                weights,
                codes,
                scales,
                y,
                4,
                w.kind(),
                w.rows(),
                x.getSize(),
                3,
                1,
                1));
    var result = new FloatArray(w.rows());
    for (int row = 0; row < w.rows(); row++) {
      result.set(row, y.get(3 + row) - 2);
    }
    return result;
  }

  /** Queries of one type, keys and values of others. */
  @Test
  void attentionInput() {
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
    directory.init(0);
    directory.set(Directory.KEY, query.words());
    directory.set(Directory.VALUE, query.words() + key.words());
    float[] input = TestMatrix.floats(columns, random);
    FloatArray x = FloatArray.fromArray(input);
    var floats = new FloatArray(1);
    int rows = queryRows + kvRows + valueRows;
    FloatArray exact = Poisoned.array(rows);
    PlainJava.run(
        rows,
        c ->
            Warps.attentionInput(
                c,
                args,
                directory,
                weights,
                floats,
                x,
                exact,
                query.kind(),
                key.kind(),
                value.kind(),
                queryRows,
                kvRows,
                valueRows,
                columns,
                1));
    Poisoned.assertWritten(exact);
    double[] in = TestMatrix.doubles(input);
    double[] expected =
        Stream.of(query.times(in), key.times(in), value.times(in))
            .flatMapToDouble(Arrays::stream)
            .toArray();
    assertThat(TestMatrix.error(expected, exact)).isLessThan(FLOAT_ERROR);
  }

  @Test
  void activationsAreRoundedAlikeEverywhere() {
    int units = 70;
    float[] input = TestMatrix.floats(units * Planes.UNIT, new Random(6));
    for (int i = 0; i < Planes.UNIT; i++) {
      input[Planes.UNIT + i] = 0;
    }
    FloatArray x = FloatArray.fromArray(input);
    var codes = new IntArray(units * Int8.CODE_WORDS);
    var scales = new FloatArray(units * Int8.SCALES);
    PlainJava.run(units, c -> Int8.quantize(c, x, codes, scales, units));
    var deviceCodes = new IntArray(units * Int8.CODE_WORDS);
    FloatArray deviceScales = Poisoned.array(units * Int8.SCALES);
    DeviceRun.run(
        Math.ceilDiv(units, 32),
        32,
        g ->
            g.task(
                "kernel", Int8::quantize, DeviceRun.context(), x, deviceCodes, deviceScales, units),
        new Object[] {x},
        new Object[] {deviceCodes, deviceScales});
    Poisoned.assertWritten(deviceScales);
    for (int i = 0; i < codes.getSize(); i++) {
      assertThat(deviceCodes.get(i)).as("word %d", i).isEqualTo(codes.get(i));
    }
    for (int i = 0; i < input.length; i++) {
      int word = codes.get(i / 4); // in the order of 8 bits, elements follow each other
      int code = (byte) (word >> (8 * (i % 4)));
      float scale = scales.get(i / Planes.UNIT * Int8.SCALES);
      assertThat(code * scale)
          .as("element %d", i)
          .isCloseTo(input[i], org.assertj.core.data.Offset.offset(0.501f * scale));
    }
  }

  @ParameterizedTest(name = "gate and up {0}, down {1}, unit {2}")
  @MethodSource("expertTypes")
  void expertsInTwoWaves(GgmlType type, GgmlType downType, int unit) {
    var run = new ExpertsCase(type, downType, unit);
    double[] expected = run.expected();
    assertThat(TestMatrix.error(expected, run.inWarps(new int[][] {{2}, {1, 0}}, false)))
        .isLessThan(FLOAT_ERROR);
    assertThat(TestMatrix.error(expected, run.inWarps(new int[][] {{2}, {1, 0}}, true)))
        .isLessThan(INT8_ERROR);
  }

  private static Stream<Arguments> expertTypes() {
    return Stream.of(
        Arguments.of(GgmlType.Q8_0, GgmlType.Q8_0, UnitFunctions.CLAMPED + UnitFunctions.BIASED),
        Arguments.of(GgmlType.Q4_0, GgmlType.Q5_K, UnitFunctions.SILU),
        Arguments.of(GgmlType.Q4_K, GgmlType.Q6_K, UnitFunctions.SILU),
        Arguments.of(GgmlType.Q2_K, GgmlType.Q3_K, UnitFunctions.SILU));
  }
}

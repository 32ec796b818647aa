package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.MmaTiles;
import io.foregate.kernels.Tiles;
import io.foregate.tornado.device.Devices;
import io.foregate.tornado.device.TornadoSettings;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Kernels for tensor cores, in a model of them ({@link TensorCores}) and, where there are some, on
 * the device.
 */
class MmaTilesTest {
  private static final double ERROR = 1e-3;

  @BeforeAll
  static void settings() {
    TornadoSettings.apply();
  }

  private static Stream<Arguments> typesAndShapes() {
    return Stream.of(GgmlType.values())
        .filter(type -> MmaTiles.supports(type.id()))
        .flatMap(
            type ->
                type.blockSize() == 256
                    ? Stream.of(Arguments.of(type, 37, 512, 9, 9))
                    : Stream.of(
                        Arguments.of(type, 33, 96, 37, 64), Arguments.of(type, 3, 160, 2, 2)));
  }

  private static int groups(int rows, int most) {
    return MmaTiles.groups(Tiles.ofRows(rows) * Tiles.ofTokens(most));
  }

  @ParameterizedTest(name = "{0} {1} x {2}, {3} of {4} tokens")
  @MethodSource("typesAndShapes")
  void product(GgmlType type, int rows, int columns, int tokens, int most) {
    int groups = groups(rows, most);
    assertThat(inModel("errorInModel", type, rows, columns, tokens, most, 1f, 1f, 1f, groups))
        .isLessThan(ERROR);
  }

  @ParameterizedTest(name = "{0} {1} x {2}, {3} of {4} tokens")
  @MethodSource("typesAndShapes")
  void productOnADeviceWithTensorCores(GgmlType type, int rows, int columns, int tokens, int most) {
    assumeTrue(hasTensorCores());
    int groups = groups(rows, most);
    var run = new MmaTilesCase(type, rows, columns, tokens, most, 1f, 1f, 1f, groups);
    assertThat(run.errorOnDevice()).isLessThan(ERROR);
  }

  /** At the ends of what f16 can say, and beyond; each group has several tiles. */
  @ParameterizedTest
  @CsvSource({"1e6, 1", "1e-7, 1", "1, 200", "1, 3e-5"})
  void rangesThatF16HasNot(float activations, float weights) {
    assertThat(inModel("errorInModel", GgmlType.Q8_0, 65, 160, 40, 64, activations, weights, 0f, 2))
        .isLessThan(ERROR);
  }

  private static double inModel(String method, Object... arguments) {
    return Errors.noted((double) Apart.call("MmaTilesCase", method, arguments));
  }

  private static boolean hasTensorCores() {
    TornadoVMBackendType backend = Devices.preferred().getTornadoVMBackend();
    return backend == TornadoVMBackendType.PTX || backend == TornadoVMBackendType.CUDA;
  }

  private static Stream<Arguments> experts() {
    return Stream.of(
        Arguments.of(GgmlType.Q8_0, GgmlType.Q8_0, 1, 2, 2, 7),
        Arguments.of(GgmlType.Q4_0, GgmlType.F16, 40, 40, 1, 16),
        Arguments.of(GgmlType.Q4_K, GgmlType.Q6_K, 40, 64, 0, 3),
        Arguments.of(GgmlType.MXFP4, GgmlType.MXFP4, 9, 16, 3, 64));
  }

  @ParameterizedTest(name = "gate and up {0}, down {1}, {2} of {3} tokens, unit {4}, {5} groups")
  @MethodSource("experts")
  void expertsInTwoWaves(
      GgmlType type, GgmlType downType, int tokens, int most, int unit, int groups) {
    double error =
        (double)
            Apart.call(
                "BatchExpertsCase", "errorInModel", type, downType, tokens, most, unit, groups);
    assertThat(Errors.noted(error)).isLessThan(ERROR);
  }

  @ParameterizedTest(name = "gate and up {0}, down {1}, {2} of {3} tokens, unit {4}, {5} groups")
  @MethodSource("experts")
  void expertsOnADeviceWithTensorCores(
      GgmlType type, GgmlType downType, int tokens, int most, int unit, int groups) {
    assumeTrue(hasTensorCores());
    var run = new BatchExpertsCase(type, downType, tokens, most, unit);
    FloatArray found = run.onTensorCores(new int[][] {{2, 4}, {3, 0, 1}}, groups);
    assertThat(TestMatrix.error(run.expected(), found)).isLessThan(ERROR);
  }

  /** The same bits on a device as in Java, and no more than those of an f16 lost. */
  @Test
  void f16AreMadeAlikeEverywhere() {
    int rows = 5;
    int columns = 96;
    float[] input = TestMatrix.floats(rows * columns, new Random(2));
    for (int i = 0; i < columns; i++) {
      input[columns + i] *= 1e9f;
      input[2 * columns + i] = 0;
    }
    FloatArray x = FloatArray.fromArray(input);
    IntArray args = IntArray.fromElements(0, 0, rows);
    var f16 = new IntArray(rows * columns / 2);
    FloatArray factors = Poisoned.array(rows);
    PlainJava.run(rows, c -> MmaTiles.pack(c, args, x, f16, factors, columns, 2, 1));
    var deviceF16 = new IntArray(rows * columns / 2);
    FloatArray deviceFactors = Poisoned.array(rows);
    DeviceRun.run(
        rows + 1,
        32,
        g ->
            g.task(
                "kernel",
                MmaTiles::pack,
                DeviceRun.context(),
                args,
                x,
                deviceF16,
                deviceFactors,
                columns,
                2,
                1),
        new Object[] {args, x},
        new Object[] {deviceF16, deviceFactors});
    Poisoned.assertWritten(deviceFactors);
    double[] exact = TestMatrix.doubles(input);
    for (int row = 0; row < rows; row++) {
      float factor = factors.get(row);
      assertThat(deviceFactors.get(row)).isEqualTo(factor);
      for (int i = 0; i < columns; i++) {
        int at = row * columns + i;
        int word = f16.get(at / 2);
        assertThat(deviceF16.get(at / 2)).isEqualTo(word);
        double value = Float.float16ToFloat((short) (word >> (16 * (i % 2))));
        assertThat(value * factor)
            .isCloseTo(exact[at], offset(Math.abs(exact[at]) / 2048 + factor * 0x1p-25));
      }
    }
  }
}

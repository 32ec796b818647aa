package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Planes;
import io.foregate.kernels.UnitFunctions;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.quant.vector.VectorProvider;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** An expert has the same bits on the device as on the CPU, which reads the same record. */
class ExactExpertsTest {
  private final VectorKernels kernels = VectorProvider.get().exactKernels();

  private static Stream<GgmlType> types() {
    return Stream.of(GgmlType.values()).filter(type -> Planes.supports(type.id()));
  }

  @ParameterizedTest
  @MethodSource("types")
  void everyType(GgmlType type) {
    var random = new Random(type.id());
    assertSameBits(new ExactCase(type, type, type, UnitFunctions.SILU, random), random, 64);
  }

  /** Activations are rounded in two ways where gate and up want it. */
  @ParameterizedTest
  @CsvSource({
    "Q4_K, Q8_0, Q6_K, 0, 1",
    "IQ4_NL, Q4_K, Q4_K, 0, 2",
    "F16, Q3_K, Q8_0, 2, 8",
    "Q4_0, F16, Q2_K, 1, 64",
    "MXFP4, MXFP4, Q4_K, 3, 16",
    "Q4_K, Q4_K, Q6_K, 3, 128"
  })
  void mixedTypesAndOtherUnits(GgmlType gate, GgmlType up, GgmlType down, int unit, int lanes) {
    var random = new Random(lanes);
    assertSameBits(new ExactCase(gate, up, down, unit, random), random, lanes);
  }

  private void assertSameBits(ExactCase run, Random random, int lanes) {
    float[] x = input(random);
    float[][] expected = run.onCpu(kernels, x);
    float[][] actual = run.onDevice(x, lanes, kernels.chains());
    assertThat(bits(actual[0])).as("hidden").isEqualTo(bits(expected[0]));
    assertThat(bits(actual[1])).as("result").isEqualTo(bits(expected[1]));
  }

  /** Normal ones; zeros, and halves that are to be rounded; all magnitudes. */
  private static float[] input(Random random) {
    float[] x = new float[ExactCase.WIDTH];
    for (int i = 0; i < ExactCase.WIDTH; i++) {
      x[i] =
          switch (i / 256) {
            case 0 -> (float) random.nextGaussian();
            case 1 -> i % 256 < 64 ? 0 : i % 50 == 3 ? -127 : random.nextInt(-253, 254) / 2f;
            default -> (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 6));
          };
    }
    return x;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToIntBits(values[i]));
    return bits;
  }
}

package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.kernels.Argmax;
import io.foregate.kernels.AttentionKernels;
import io.foregate.kernels.Directory;
import io.foregate.kernels.F16Bits;
import io.foregate.kernels.NormKernels;
import io.foregate.model.RopeConfig;
import io.foregate.model.RopeStyle;
import io.foregate.options.KvType;
import io.foregate.tornado.weights.RopeAngles;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels that read no weights, or only floats: as {@link MatrixKernelsTest}. */
class TokenKernelsTest {
  private static final double FLOAT_ERROR = 1e-3;
  private static final double HALF_ERROR = 1e-3;

  /** Far below what rounding to f16 costs. */
  private static final double SINGLE_ERROR = 1e-5;

  @Test
  void f16OfEveryBitPattern() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      if ((bits & 0x7c00) != 0x7c00) { // neither infinite nor NaN
        float value = Float.float16ToFloat((short) bits);
        assertThat(F16Bits.decode(bits | 0xabcd0000)).isEqualTo(value);
        assertThat(F16Bits.encode(value) & 0x7fff).isEqualTo(bits & 0x7fff);
      }
    }
    var random = new Random(1);
    for (int i = 0; i < 200_000; i++) {
      float value = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(34) - 24));
      if (Math.abs(value) < 65500) {
        assertThat((short) F16Bits.encode(value))
            .as("%s", value)
            .isEqualTo(Float.floatToFloat16(value));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, false", "77, 32, true", "256, 128, false", "1000, 64, true"})
  void rms(int size, int lanes, boolean biased) {
    var random = new Random(size);
    float[] in = TestMatrix.floats(size, random);
    float[] weight = TestMatrix.floats(2 * size + 3, random);
    float epsilon = 1e-5f;
    IntArray args = IntArray.fromElements(0);
    var directory = new IntArray(Directory.PARTS);
    directory.set(Directory.FEED_FORWARD_NORM, 3);
    directory.set(Directory.FEED_FORWARD_NORM_BIAS, size + 3);
    FloatArray floats = FloatArray.fromArray(weight);
    FloatArray x = FloatArray.fromArray(in);
    FloatArray out = Poisoned.array(size);
    FloatArray plain = Poisoned.array(size + 2);
    plain.set(0, 1f);
    plain.set(1, 2f);
    DeviceRun.run(
        1,
        lanes,
        g ->
            g.task(
                "kernel",
                NormKernels::rms,
                DeviceRun.context(),
                args,
                directory,
                floats,
                x,
                out,
                plain,
                2,
                -1,
                Directory.FEED_FORWARD_NORM,
                biased ? Directory.FEED_FORWARD_NORM_BIAS : -1,
                size,
                epsilon),
        new Object[] {args, directory, floats, x},
        new Object[] {out, plain});
    Poisoned.assertWritten(out);
    Poisoned.assertWritten(plain);
    double square = 0;
    for (float value : in) {
      square += (double) value * value;
    }
    double[] expected = new double[size];
    for (int i = 0; i < size; i++) {
      float bias = biased ? weight[size + 3 + i] : 0;
      expected[i] = weight[3 + i] * in[i] / Math.sqrt(square / size + epsilon) + bias;
      assertThat(plain.get(2 + i) * weight[3 + i] + bias).isCloseTo(out.get(i), within(1e-5f));
    }
    assertThat(TestMatrix.error(expected, out)).isLessThan(FLOAT_ERROR);
  }

  @Test
  void rmsOfSomeTokensOfABatch() {
    int size = 70;
    int tokens = 3;
    int from = 1;
    var random = new Random(2);
    float[] in = TestMatrix.floats((from + tokens) * size, random);
    float[] weight = TestMatrix.floats(size, random);
    IntArray args = IntArray.fromElements(0, from);
    var directory = new IntArray(Directory.PARTS);
    directory.init(0);
    FloatArray floats = FloatArray.fromArray(weight);
    FloatArray x = FloatArray.fromArray(in);
    FloatArray out = Poisoned.array(tokens * size);
    FloatArray plain = Poisoned.array(tokens * size);
    DeviceRun.run(
        tokens,
        16,
        g ->
            g.task(
                "kernel",
                NormKernels::rms,
                DeviceRun.context(),
                args,
                directory,
                floats,
                x,
                out,
                plain,
                0,
                1,
                Directory.LAST_NORM,
                -1,
                size,
                0f),
        new Object[] {args, directory, floats, x},
        new Object[] {out, plain});
    Poisoned.assertWritten(out);
    double[] expected = new double[tokens * size];
    for (int i = 0; i < expected.length; i++) {
      int row = (from + i / size) * size;
      double square = 0;
      for (int k = 0; k < size; k++) {
        square += (double) in[row + k] * in[row + k];
      }
      expected[i] = in[row + i % size] / Math.sqrt(square / size);
    }
    assertThat(TestMatrix.error(expected, plain)).isLessThan(FLOAT_ERROR);
    for (int i = 0; i < expected.length; i++) {
      expected[i] *= weight[i % size];
    }
    assertThat(TestMatrix.error(expected, out)).isLessThan(FLOAT_ERROR);
  }

  /** Appends positions one after the other, then attends from the last of them. */
  @ParameterizedTest(name = "{0}, {1}: {2} / {3} heads of {4}, {5} rotate, {6} positions")
  @CsvSource({
    "F16, NORM, 8, 2, 32, 32, 1",
    "F16, NEOX, 4, 4, 64, 64, 64",
    "F16, NORM, 6, 2, 48, 32, 65",
    "F16, NEOX, 2, 1, 128, 64, 130",
    "F32, NORM, 6, 2, 48, 32, 65",
    "F32, NEOX, 2, 1, 128, 64, 130"
  })
  void attention(
      KvType type,
      RopeStyle style,
      int heads,
      int kvHeads,
      int headSize,
      int dimensions,
      int length) {
    var run = new AttentionCase(type, style, heads, kvHeads, headSize, dimensions, length);
    FloatArray plain = run.asPlainJava();
    FloatArray device = run.onDevice();
    double[] expected = run.expected();
    Poisoned.assertWritten(device);
    assertThat(TestMatrix.error(expected, plain)).isLessThan(error(type));
    assertThat(TestMatrix.error(expected, device)).isLessThan(error(type));
  }

  private static double error(KvType type) {
    return type == KvType.F16 ? HALF_ERROR : SINGLE_ERROR;
  }

  /** All tokens of a batch see what stands before them, and nothing behind. */
  @ParameterizedTest(
      name = "{0}, {1}: {2} / {3} heads of {4}, positions {5} to {6}, batches of {7}")
  @CsvSource({
    "F16, NORM, 6, 2, 48, 0, 5, 8",
    "F16, NEOX, 4, 4, 64, 61, 70, 9",
    "F32, NEOX, 4, 4, 64, 61, 70, 9",
    "F16, NORM, 2, 1, 32, 7, 8, 1"
  })
  void attentionOfABatch(
      KvType type,
      RopeStyle style,
      int heads,
      int kvHeads,
      int headSize,
      int from,
      int to,
      int most) {
    var run = new AttentionCase(type, style, heads, kvHeads, headSize, 32, to);
    FloatArray device = run.batchOnDevice(from, most);
    double[] expected = run.expectedFrom(from);
    assertThat(TestMatrix.error(expected, device)).isLessThan(error(type));
    for (int i = expected.length; i < most * heads * headSize; i++) {
      assertThat(device.get(i)).as("of a token that is not there").isNaN();
    }
  }

  /** Keys longer than values, windows shorter than the text, sinks. */
  @ParameterizedTest(
      name =
          "{0}, {1}: {2} / {3} heads of {4} and {5}, positions {7} to {8}, window {9}, sinks {10}")
  @CsvSource({
    "F16, NORM, 6, 2, 48, 32, 32, 0, 5, 2147483647, true",
    "F16, NEOX, 4, 4, 24, 40, 16, 61, 70, 2147483647, false",
    "F32, NEOX, 4, 4, 24, 40, 16, 61, 70, 2147483647, false",
    "F16, NEOX, 4, 1, 64, 64, 64, 120, 140, 128, true",
    "F32, NEOX, 4, 1, 64, 64, 64, 120, 140, 128, true",
    "F16, NORM, 2, 1, 32, 32, 0, 0, 9, 3, false",
    "F16, NORM, 3, 1, 16, 6, 10, 70, 71, 1, true"
  })
  void attentionWithWindowsAndSinks(
      KvType type,
      RopeStyle style,
      int heads,
      int kvHeads,
      int keySize,
      int valueSize,
      int dimensions,
      int from,
      int to,
      int window,
      boolean sunk) {
    var run =
        new AttentionCase(
            type, style, heads, kvHeads, keySize, valueSize, dimensions, to, window, sunk);
    FloatArray device = run.onDevice();
    Poisoned.assertWritten(device);
    assertThat(TestMatrix.error(run.expected(), run.asPlainJava())).isLessThan(error(type));
    assertThat(TestMatrix.error(run.expected(), device)).isLessThan(error(type));
    FloatArray batch = run.batchOnDevice(from, to - from + 1);
    double[] expected = run.expectedFrom(from);
    assertThat(TestMatrix.error(expected, batch)).isLessThan(error(type));
    for (int i = expected.length; i < expected.length + heads * valueSize; i++) {
      assertThat(batch.get(i)).as("of a token that is not there").isNaN();
    }
  }

  @Test
  void theLargestHeadFits() {
    assertThat(AttentionKernels.MAX_VALUE).isEqualTo(512);
    var run =
        new AttentionCase(KvType.F16, RopeStyle.NORM, 1, 1, AttentionKernels.MAX_VALUE, 256, 3);
    assertThat(TestMatrix.error(run.expected(), run.onDevice())).isLessThan(HALF_ERROR);
  }

  @Test
  void anglesAreThoseOfTheFormula() {
    var facts = new RopeConfig(RopeStyle.NEOX, 4, 10_000f, 0.5f, new float[] {1f, 8f});
    FloatArray angles = RopeAngles.of(facts, 10);
    assertThat(angles.get((9 * 2 + 1) * 2)).isEqualTo((float) Math.cos(9 * 0.5 / 100 / 8));
    assertThat(angles.get((9 * 2 + 1) * 2 + 1)).isEqualTo((float) Math.sin(9 * 0.5 / 100 / 8));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "5, 4", "1000, 64", "33, 32"})
  void argmaxIsTheFirstOfTheLargest(int size, int lanes) {
    int rows = 3;
    var random = new Random(size);
    var x = new FloatArray(rows * size);
    int[] expected = new int[rows];
    for (int i = 0; i < rows * size; i++) {
      x.set(i, random.nextInt(size / 3 + 1) - size); // many are equal, all negative
      int row = i / size;
      if (x.get(i) > x.get(row * size + expected[row])) {
        expected[row] = i % size;
      }
    }
    var plain = new IntArray(rows);
    PlainJava.run(rows, c -> Argmax.of(c, x, plain, size));
    var device = new IntArray(rows + 1);
    device.init(-7);
    DeviceRun.run(
        rows,
        lanes,
        g -> g.task("kernel", Argmax::of, DeviceRun.context(), x, device, size),
        new Object[] {x},
        new Object[] {device});
    for (int row = 0; row < rows; row++) {
      assertThat(device.get(row)).isEqualTo(expected[row]);
      assertThat(plain.get(row)).isEqualTo(expected[row]);
    }
    assertThat(device.get(rows)).isEqualTo(-7);
  }

  /** Not a kernel: no device can throw. */
  static void notForADevice(KernelContext context, FloatArray x) {
    String text = "x" + x.get(context.globalIdx);
    x.set(0, text.length());
  }

  @Test
  void whatCannotRunOnTheDeviceDoesNotRunAsJavaInstead() {
    var x = new FloatArray(1);
    x.init(7f);
    assertThatThrownBy(
            () ->
                DeviceRun.run(
                    1,
                    1,
                    g -> g.task("kernel", TokenKernelsTest::notForADevice, DeviceRun.context(), x),
                    new Object[] {},
                    new Object[] {x}))
        .isInstanceOf(Throwable.class);
    assertThat(x.get(0)).isEqualTo(7f);
  }
}

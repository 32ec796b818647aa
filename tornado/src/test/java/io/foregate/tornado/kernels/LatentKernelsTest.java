package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.HeadProductKernels;
import io.foregate.kernels.Planes;
import io.foregate.model.RopeStyle;
import io.foregate.options.KvType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The kernels of multi-head latent attention, as {@link TokenKernelsTest}. */
class LatentKernelsTest {
  private static final double FLOAT_ERROR = 1e-5;
  private static final double HALF_ERROR = 1e-3;
  private static final int LAYER = 1;
  private static final int HEADS = 3;
  private static final int TOKENS = 2;

  /** Inputs lie apart, and so do results; one token more than there are. */
  @ParameterizedTest(name = "{0} [{1}, {2}], transposed {3}")
  @CsvSource({
    "F32, 5, 33, false",
    "F32, 33, 5, true",
    "BF16, 6, 64, true",
    "F16, 96, 32, false",
    "F16, 32, 96, true",
    "Q8_0, 7, 128, false",
    "Q8_0, 7, 128, true",
    "Q4_0, 9, 96, false",
    "Q4_0, 9, 96, true",
    "Q2_K, 3, 256, true",
    "Q3_K, 3, 512, true",
    "Q4_K, 5, 256, false",
    "Q4_K, 5, 256, true",
    "Q5_K, 3, 256, true",
    "Q6_K, 3, 512, true",
    "IQ4_NL, 5, 64, true",
    "IQ4_XS, 2, 256, true",
    "MXFP4, 4, 64, true"
  })
  void aMatrixPerHead(GgmlType type, int rows, int columns, boolean transposed) {
    int in = transposed ? rows : columns;
    int out = transposed ? columns : rows;
    int headStride = in + 4;
    int tokenStride = HEADS * headStride + 7;
    int resultStride = out + 2;
    var random = new Random(columns);
    List<TestMatrix> maps = new ArrayList<>();
    for (int head = 0; head < HEADS; head++) {
      maps.add(TestMatrix.random(type, rows, columns, random));
    }
    boolean planes = Planes.supports(type.id());
    int size = planes ? maps.getFirst().words() : rows * columns;
    int before = 3;
    var weights = new IntArray(before + HEADS * size);
    var floats = new FloatArray(before + HEADS * size);
    floats.init(Float.NaN);
    for (int head = 0; head < HEADS; head++) {
      if (planes) {
        maps.get(head).pack(weights.getSegment(), before + head * size);
      }
      for (int i = 0; i < size && !planes; i++) {
        floats.set(before + head * size + i, maps.get(head).decoded()[i]);
      }
    }
    float[] input = TestMatrix.floats((TOKENS + 1) * tokenStride, random);
    FloatArray x = FloatArray.fromArray(input);
    IntArray args = IntArray.fromElements(LAYER, 9, TOKENS);
    var directory = new IntArray(2 * Directory.PARTS);
    directory.init(0);
    directory.set(LAYER * Directory.PARTS + Directory.VALUE_MAPS, before);
    int kind = planes ? type.id() : Planes.F32;
    int results = (TOKENS + 1) * HEADS * resultStride;
    FloatArray plain = Poisoned.array(results);
    FloatArray device = Poisoned.array(results);
    int threads = (TOKENS + 1) * HEADS * out;
    int part = Directory.VALUE_MAPS;
    PlainJava.run(
        threads,
        c -> {
          if (transposed) {
            HeadProductKernels.transposed(
                c,
                args,
                directory,
                weights,
                floats,
                x,
                plain,
                part,
                kind,
                size,
                HEADS,
                rows,
                columns,
                tokenStride,
                headStride,
                resultStride);
          } else {
            HeadProductKernels.product(
                c,
                args,
                directory,
                weights,
                floats,
                x,
                plain,
                part,
                kind,
                size,
                HEADS,
                rows,
                columns,
                tokenStride,
                headStride,
                resultStride);
          }
        });
    DeviceRun.run(
        Math.ceilDiv(threads, 16),
        16,
        g -> {
          if (transposed) {
            g.task(
                "kernel",
                HeadProductKernels::transposed,
                DeviceRun.context(),
                args,
                directory,
                weights,
                floats,
                x,
                device,
                part,
                kind,
                size,
                HEADS,
                rows,
                columns,
                tokenStride,
                headStride,
                resultStride);
          } else {
            g.task(
                "kernel",
                HeadProductKernels::product,
                DeviceRun.context(),
                args,
                directory,
                weights,
                floats,
                x,
                device,
                part,
                kind,
                size,
                HEADS,
                rows,
                columns,
                tokenStride,
                headStride,
                resultStride);
          }
        },
        new Object[] {args, directory, weights, floats, x},
        new Object[] {device});
    double[] expected = new double[TOKENS * HEADS * out];
    for (int place = 0; place < TOKENS * HEADS; place++) {
      int from = place / HEADS * tokenStride + place % HEADS * headStride;
      float[] w = maps.get(place % HEADS).decoded();
      for (int i = 0; i < w.length; i++) {
        int result = transposed ? i % columns : i / columns;
        int read = transposed ? i / columns : i % columns;
        expected[place * out + result] += (double) w[i] * input[from + read];
      }
    }
    requireRows(expected, plain, out, resultStride);
    requireRows(expected, device, out, resultStride);
  }

  /** Rows of {@code size} at the beginning of those of {@code stride}, and nothing else. */
  private static void requireRows(double[] expected, FloatArray found, int size, int stride) {
    var rows = new FloatArray(expected.length);
    for (int i = 0; i < (TOKENS + 1) * HEADS * stride; i++) {
      int at = i / stride * size + i % stride;
      if (i % stride < size && at < expected.length) {
        rows.set(at, found.get(i));
      } else {
        assertThat(found.get(i)).as("element %d, of no result", i).isNaN();
      }
    }
    assertThat(TestMatrix.error(expected, rows)).isLessThan(FLOAT_ERROR);
  }

  /** A token at a time, and in a batch that is smaller than the largest. */
  @ParameterizedTest(name = "{0}, {1}: {2} heads of {3} + {4}, rank {5}, positions {6} to {7}")
  @CsvSource({
    "F16, NORM, 4, 32, 16, 96, 0, 1",
    "F16, NORM, 3, 24, 10, 34, 61, 70",
    "F32, NORM, 3, 24, 10, 34, 61, 70",
    "F32, NEOX, 2, 16, 8, 64, 120, 131",
    "F16, NORM, 2, 128, 64, 512, 3, 6"
  })
  void attention(
      KvType type,
      RopeStyle style,
      int heads,
      int keySize,
      int rotated,
      int rank,
      int from,
      int to) {
    double tolerance = type == KvType.F16 ? HALF_ERROR : FLOAT_ERROR;
    var run = new LatentCase(type, style, heads, keySize, rotated, rank, to);
    for (FloatArray found : List.of(run.asPlainJava(), run.onDevice(to - 1, 1))) {
      assertThat(TestMatrix.error(run.expected(to - 1), found)).isLessThan(tolerance);
    }
    FloatArray batch = run.onDevice(from, to - from + 1);
    double[] expected = run.expected(from);
    assertThat(TestMatrix.error(expected, batch)).isLessThan(tolerance);
    for (int i = 0; i < heads * rank; i++) {
      assertThat(batch.get(expected.length + i)).as("of a token that is not there").isNaN();
    }
  }
}

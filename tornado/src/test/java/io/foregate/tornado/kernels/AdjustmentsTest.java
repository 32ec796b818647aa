package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.kernels.Directory;
import io.foregate.kernels.QueryKey;
import io.foregate.kernels.Sums;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What some families add and normalize beside products: on the device, as plain Java and in double
 * precision.
 */
class AdjustmentsTest {
  private static final double FLOAT_ERROR = 1e-5;
  private static final int LAYER = 1;
  private static final int QUERY_BIAS = 3;
  private static final float EPSILON = 1e-3f;

  /** A token more than there are: its row is to stay as it is. */
  @ParameterizedTest(
      name = "{0} / {1} heads of {2}, values {3}, together {4}, {5} {6}, {7} threads")
  @CsvSource({
    "4, 2, 16, 16, false, true, true, 64",
    "6, 3, 10, 14, false, false, true, 4",
    "4, 1, 24, 8, true, true, true, 16",
    "3, 3, 22, 22, true, false, true, 128",
    "2, 1, 6, 70, false, true, false, 8"
  })
  void queriesAndKeys(
      int heads,
      int kvHeads,
      int keySize,
      int valueSize,
      boolean together,
      boolean biased,
      boolean normed,
      int lanes) {
    int tokens = 3;
    int queries = heads * keySize;
    int keys = kvHeads * keySize;
    int values = kvHeads * valueSize;
    int width = queries + keys + values;
    int querySpan = together ? queries : keySize;
    int keySpan = together ? keys : keySize;
    var random = new Random(width);
    float[] in = TestMatrix.floats((tokens + 1) * width, random);
    float[] weights = TestMatrix.floats(QUERY_BIAS + width + querySpan + keySpan, random);
    int queryNorm = QUERY_BIAS + width;
    int keyNorm = queryNorm + querySpan;
    IntArray directory = directory();
    directory.set(LAYER * Directory.PARTS + Directory.QUERY_BIAS, QUERY_BIAS);
    directory.set(LAYER * Directory.PARTS + Directory.KEY_BIAS, QUERY_BIAS + queries);
    directory.set(LAYER * Directory.PARTS + Directory.VALUE_BIAS, QUERY_BIAS + queries + keys);
    directory.set(LAYER * Directory.PARTS + Directory.QUERY_NORM, queryNorm);
    directory.set(LAYER * Directory.PARTS + Directory.KEY_NORM, keyNorm);
    IntArray args = IntArray.fromElements(LAYER, 7, tokens);
    FloatArray floats = FloatArray.fromArray(weights);
    FloatArray plain = FloatArray.fromArray(in);
    FloatArray device = FloatArray.fromArray(in);
    int hasBias = biased ? 1 : 0;
    int hasNorm = normed ? 1 : 0;
    int groups = (tokens + 1) * (queries / querySpan + keys / keySpan + 1);
    PlainJava.run(
        groups,
        c ->
            QueryKey.adjust(
                c, args, directory, floats, plain, queries, keys, values, querySpan, keySpan,
                hasBias, hasNorm, EPSILON));
    DeviceRun.run(
        groups,
        lanes,
        g ->
            g.task(
                "kernel",
                QueryKey::adjust,
                new KernelContext(),
                args,
                directory,
                floats,
                device,
                queries,
                keys,
                values,
                querySpan,
                keySpan,
                hasBias,
                hasNorm,
                EPSILON),
        new Object[] {args, directory, floats},
        new Object[] {device});
    double[] expected = TestMatrix.doubles(in);
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < width && biased; i++) {
        expected[t * width + i] += weights[QUERY_BIAS + i];
      }
      for (int at = 0; at < queries + keys && normed; ) {
        int span = at < queries ? querySpan : keySpan;
        normalize(expected, t * width + at, weights, at < queries ? queryNorm : keyNorm, span);
        at += span;
      }
    }
    assertThat(TestMatrix.error(expected, plain)).isLessThan(FLOAT_ERROR);
    assertThat(TestMatrix.error(expected, device)).isLessThan(FLOAT_ERROR);
    for (int i = tokens * width; i < in.length; i++) {
      assertThat(device.get(i)).as("of a token that is not there").isEqualTo(in[i]);
    }
  }

  private static void normalize(double[] x, int at, float[] weights, int weight, int size) {
    double square = 0;
    for (int i = 0; i < size; i++) {
      square += x[at + i] * x[at + i];
    }
    double factor = 1 / Math.sqrt(square / size + EPSILON);
    for (int i = 0; i < size; i++) {
      x[at + i] *= factor * weights[weight + i];
    }
  }

  @ParameterizedTest(name = "{0} elements, bias {1}")
  @CsvSource({"1, true", "77, false", "130, true"})
  void aScaledSum(int size, boolean biased) {
    int tokens = 2;
    var random = new Random(size);
    float[] in = TestMatrix.floats((tokens + 1) * size, random);
    float[] before = TestMatrix.floats((tokens + 1) * size, random);
    float[] bias = TestMatrix.floats(size + 2, random);
    IntArray directory = directory();
    directory.set(LAYER * Directory.PARTS + Directory.OUTPUT_BIAS, 2);
    IntArray args = IntArray.fromElements(LAYER, 5, tokens);
    FloatArray floats = FloatArray.fromArray(bias);
    FloatArray y = FloatArray.fromArray(in);
    FloatArray plain = FloatArray.fromArray(before);
    FloatArray device = FloatArray.fromArray(before);
    int part = biased ? Directory.OUTPUT_BIAS : -1;
    float scale = 0.22f;
    PlainJava.run(
        in.length, c -> Sums.addTo(c, args, directory, floats, y, plain, part, scale, size));
    DeviceRun.run(
        Math.ceilDiv(in.length, 32),
        32,
        g ->
            g.task(
                "kernel",
                Sums::addTo,
                new KernelContext(),
                args,
                directory,
                floats,
                y,
                device,
                part,
                scale,
                size),
        new Object[] {args, directory, floats, y},
        new Object[] {device});
    double[] expected = TestMatrix.doubles(before);
    for (int i = 0; i < tokens * size; i++) {
      expected[i] += 0.22 * (in[i] + (biased ? bias[2 + i % size] : 0.0));
    }
    assertThat(TestMatrix.error(expected, plain)).isLessThan(FLOAT_ERROR);
    assertThat(TestMatrix.error(expected, device)).isLessThan(FLOAT_ERROR);
  }

  @Test
  void aBiasInPlace() {
    int size = 45;
    int stride = 50;
    int rows = 3;
    var random = new Random(1);
    float[] before = TestMatrix.floats(rows * stride, random);
    float[] bias = TestMatrix.floats(size + 2, random);
    IntArray directory = directory();
    directory.set(LAYER * Directory.PARTS + Directory.LOGITS_BIAS, 2);
    IntArray args = IntArray.fromElements(LAYER, 0);
    FloatArray floats = FloatArray.fromArray(bias);
    FloatArray plain = FloatArray.fromArray(before);
    FloatArray device = FloatArray.fromArray(before);
    int part = Directory.LOGITS_BIAS;
    PlainJava.run(
        rows * size,
        c -> Sums.addBias(c, args, directory, floats, plain, part, size, stride, rows));
    DeviceRun.run(
        Math.ceilDiv(rows * size, 64),
        64,
        g ->
            g.task(
                "kernel",
                Sums::addBias,
                new KernelContext(),
                args,
                directory,
                floats,
                device,
                part,
                size,
                stride,
                rows),
        new Object[] {args, directory, floats},
        new Object[] {device});
    for (int i = 0; i < before.length; i++) {
      float expected = before[i] + (i % stride < size ? bias[2 + i % stride] : 0);
      assertThat(device.get(i)).as("element %d", i).isEqualTo(expected);
      assertThat(plain.get(i)).as("element %d", i).isEqualTo(expected);
    }
  }

  private static IntArray directory() {
    var directory = new IntArray(2 * Directory.PARTS);
    directory.init(0);
    return directory;
  }
}

package io.foregate.tornado.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.MmaTiles;
import io.foregate.kernels.Tiles;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A random matrix, multiplied with random tokens by {@link MmaTiles}. */
final class MmaTilesCase {
  private static final int PART = Directory.OUTPUT;

  /** The matrix does not begin where the memory does. */
  private static final int BEFORE_MATRIX = 7;

  /** Where in a row the product begins, and what a row has beside it. */
  private static final int AT = 2;

  private static final int BESIDE = 3;

  private final TestMatrix w;
  private final float[] input;
  private final int tokens;
  private final int columns;
  private final int stride;
  private final float before;
  private final IntArray weights;
  private final IntArray args;
  private final IntArray directory = new IntArray(2 * Directory.PARTS);
  private final FloatArray floats = new FloatArray(1);
  private final IntArray f16;
  private final FloatArray factors;
  private final FloatArray sums;
  private final FloatArray y;
  private final int groups;

  /**
   * @param most tokens of the largest batch
   * @param activations what all are multiplied with
   * @param scale of weights
   * @param before what the product is added to
   */
  MmaTilesCase(
      GgmlType type,
      int rows,
      int columns,
      int tokens,
      int most,
      float activations,
      float scale,
      float before,
      int groups) {
    var random = new Random(type.id() * 31 + columns);
    this.w = TestMatrix.random(type, rows, columns, scale, random);
    this.input = TestMatrix.floats(tokens * columns, random);
    this.tokens = tokens;
    this.columns = columns;
    this.stride = rows + BESIDE;
    this.before = before;
    this.groups = groups;
    FloatArray x = Poisoned.array(most * columns);
    for (int i = 0; i < input.length; i++) {
      input[i] *= activations;
      x.set(i, input[i]);
    }
    this.weights = new IntArray(BEFORE_MATRIX + w.words());
    w.pack(weights.getSegment(), BEFORE_MATRIX);
    this.args = IntArray.fromElements(1, 100, tokens);
    directory.init(0);
    directory.set(Directory.PARTS + PART, BEFORE_MATRIX);
    this.f16 = new IntArray(most * columns / 2);
    this.factors = Poisoned.array(most);
    PlainJava.run(most, c -> MmaTiles.pack(c, args, x, f16, factors, columns, 2, 1));
    this.sums = Poisoned.array(groups * MmaTiles.GROUP_SUMS);
    this.y = new FloatArray(most * stride);
    y.init(before);
  }

  /** The error of the same in the model of a device. */
  static double errorInModel(
      GgmlType type,
      int rows,
      int columns,
      int tokens,
      int most,
      float activations,
      float scale,
      float before,
      int groups) {
    var run =
        new MmaTilesCase(type, rows, columns, tokens, most, activations, scale, before, groups);
    TensorCores.run(
        groups,
        MmaTiles.LANES,
        c ->
            MmaTiles.product(
                c,
                run.args,
                run.directory,
                run.weights,
                run.floats,
                run.f16,
                run.factors,
                run.sums,
                run.y,
                PART,
                run.w.kind(),
                rows,
                columns,
                run.stride,
                AT,
                Tiles.ADD));
    return run.error();
  }

  /** The error on TornadoVM's default device. */
  double errorOnDevice() {
    DeviceRun.run(
        groups,
        MmaTiles.LANES,
        g ->
            g.task(
                "kernel",
                MmaTiles::product,
                DeviceRun.context(),
                args,
                directory,
                weights,
                floats,
                f16,
                factors,
                sums,
                y,
                PART,
                w.kind(),
                w.rows(),
                columns,
                stride,
                AT,
                Tiles.ADD),
        new Object[] {args, directory, weights, floats, f16, factors},
        new Object[] {sums, y});
    return error();
  }

  private double error() {
    var found = new FloatArray(tokens * w.rows());
    for (int i = 0; i < y.getSize(); i++) {
      int row = i % stride - AT;
      if (i < tokens * stride && row >= 0 && row < w.rows()) {
        found.set(i / stride * w.rows() + row, y.get(i) - before);
      } else {
        assertThat(y.get(i)).as("element %d, beside the product", i).isEqualTo(before);
      }
    }
    double[] expected =
        IntStream.range(0, tokens)
            .mapToObj(t -> Arrays.copyOfRange(input, t * columns, (t + 1) * columns))
            .flatMapToDouble(in -> Arrays.stream(w.times(TestMatrix.doubles(in))))
            .toArray();
    return TestMatrix.error(expected, found);
  }
}

package io.foregate.tornado;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.kernels.Int8;
import io.foregate.kernels.Planes;
import io.foregate.model.Matrix;
import io.foregate.quant.Quants;
import io.foregate.store.ExpertShape;
import io.foregate.store.ExpertWeights;
import io.foregate.tornado.DenseWeights.LayerTypes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** All products of a small layer with random weights of given types, for any variant. */
final class MatVecTrial {
  private static final int WIDTH = 1024;
  private static final int HIDDEN = 512;
  private static final int KV = 96;
  private static final int USED = 2;

  /** Different rows of a matrix, which repeats them: making random weights takes time. */
  private static final int ROWS = 32;

  private static final int RUNS = 5;

  /**
   * What kernels made of the layer, and how long they took.
   *
   * @param results of every kernel
   * @param micros of the fastest of some runs
   */
  record Outcome(List<FloatArray> results, double micros) {

    /**
     * The largest normalised error of a kernel's results; infinite if there is one that is none.
     */
    double error(Outcome found) {
      double worst = 0;
      for (int i = 0; i < results.size(); i++) {
        double error = error(results.get(i), found.results.get(i));
        worst = Math.max(worst, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
      }
      return worst;
    }

    private static double error(FloatArray expected, FloatArray found) {
      double difference = 0;
      double norm = 0;
      for (int i = 0; i < expected.getSize(); i++) {
        difference += Math.pow(expected.get(i) - found.get(i), 2);
        norm += Math.pow(expected.get(i), 2);
      }
      return Math.sqrt(difference / norm);
    }
  }

  private final LayerTypes types;
  private final ExpertShape shape;
  private final Random random = new Random(11);
  private final IntArray step = IntArray.fromElements(0);
  private final IntArray directory = new IntArray(Directory.PARTS);
  private final IntArray weights;
  private final FloatArray floats;
  private final IntArray pool;
  private final IntArray expertStep = new IntArray(Experts.PLACES + 3 * USED);
  private final FloatArray x = random(WIDTH);
  private final FloatArray expertWeights = FloatArray.fromElements(0.7f, 0.3f);
  private int words;
  private int floatCount;

  MatVecTrial(LayerTypes types) {
    this.types = types;
    ExpertShape experts = types.experts();
    this.shape = new ExpertShape(WIDTH, HIDDEN, experts.gate(), experts.up(), experts.down());
    int rows = 2 * WIDTH + 2 * KV;
    this.weights = new IntArray(rows * WIDTH); // more than any type takes
    this.floats = new FloatArray(rows * WIDTH);
    directory.init(0);
    dense(Directory.QUERY, types.query(), WIDTH);
    dense(Directory.KEY, types.key(), KV);
    dense(Directory.VALUE, types.value(), KV);
    dense(Directory.OUTPUT, types.output(), WIDTH);
    var layout = new PlaneLayout();
    long bytes = layout.recordBytes(shape);
    this.pool = new IntArray((int) (USED * bytes / 4));
    expertStep.init(0);
    expertStep.set(1, USED);
    expertStep.set(2, 1);
    for (int i = 0; i < USED; i++) {
      var expert =
          new ExpertWeights(
              matrix(shape.gate(), HIDDEN, WIDTH),
              matrix(shape.up(), HIDDEN, WIDTH),
              matrix(shape.down(), WIDTH, HIDDEN));
      layout.pack(shape, expert, pool.getSegment().asSlice(i * bytes, bytes));
      expertStep.set(Experts.PLACES + i, (int) (i * bytes / 4));
      expertStep.set(Experts.PLACES + USED + i, i);
    }
  }

  private void dense(int part, int kind, int rows) {
    if (kind == Planes.F32) {
      directory.set(part, floatCount);
      for (int i = 0; i < rows * WIDTH; i++) {
        floats.set(floatCount++, (float) random.nextGaussian() / 32);
      }
      return;
    }
    Matrix matrix = matrix(GgmlType.find(kind).orElseThrow(), rows, WIDTH);
    var packer = new PlanePacker(matrix.type(), rows, WIDTH);
    directory.set(part, words);
    packer.pack(matrix, weights.getSegment(), 4L * words);
    words += (int) (packer.bytes() / 4);
  }

  /** Numbers of which a row's product with normal ones is again one. */
  private Matrix matrix(GgmlType type, int rows, int columns) {
    int different = Math.min(ROWS, rows);
    float[] values = new float[different * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
    }
    MemorySegment data = Arena.ofAuto().allocate(type.byteSize((long) rows * columns));
    Quants.quantize(type, values, 0, data, 0, values.length);
    long bytes = type.byteSize(columns);
    for (int row = different; row < rows; row++) {
      MemorySegment.copy(data, row % different * bytes, data, row * bytes, bytes);
    }
    return new Matrix(type, rows, columns, data);
  }

  private FloatArray random(int size) {
    var array = new FloatArray(size);
    for (int i = 0; i < size; i++) {
      array.set(i, (float) random.nextGaussian());
    }
    return array;
  }

  /**
   * Runs the layer on the default device.
   *
   * @throws RuntimeException if the device cannot
   */
  Outcome run(MatVecVariant variant) {
    String name = "trial" + variant.id() + Integer.toHexString(types.hashCode());
    int units = Math.max(WIDTH, USED * HIDDEN) / Planes.UNIT;
    var tasks =
        new MatVecTasks(
            variant,
            new KernelContext(),
            new GridScheduler(),
            new IntArray(units * Int8.CODE_WORDS),
            new FloatArray(units * Int8.SCALES));
    var dense = new MatVecTasks.Dense(step, directory, weights, floats);
    var y = new FloatArray(WIDTH);
    var qkv = new FloatArray(WIDTH + 2 * KV);
    var hidden = new FloatArray(USED * HIDDEN);
    var out = new FloatArray(USED * WIDTH);
    var sum = new FloatArray(WIDTH);
    sum.init(0f);
    var graph = new TaskGraph(name);
    graph.transferToDevice(
        DataTransferMode.FIRST_EXECUTION,
        step,
        directory,
        weights,
        floats,
        pool,
        expertStep,
        x,
        expertWeights);
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, sum);
    tasks.product(
        graph, name, "product", dense, x, y, Directory.OUTPUT, types.output(), WIDTH, WIDTH, 0, 0);
    tasks.attentionInput(graph, name, "input", dense, x, qkv, types, WIDTH, KV, KV, WIDTH);
    var networks =
        new FeedForwardTypes(-1, 0, USED, shape, types.feedForward().unit(), Optional.empty());
    var experts = new MatVecTasks.Dense(expertStep, directory, weights, floats);
    tasks.gateUp(graph, name, experts, pool, x, hidden, networks);
    tasks.down(graph, name, experts, pool, hidden, expertWeights, out, sum, networks);
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, y, qkv, hidden, sum);
    double micros = Double.POSITIVE_INFINITY;
    try (var plan = new TornadoExecutionPlan(graph.snapshot())) {
      for (int run = 0; run < RUNS; run++) {
        sum.init(0f);
        long start = System.nanoTime();
        plan.withGridScheduler(tasks.grid()).execute();
        micros = Math.min(micros, (System.nanoTime() - start) / 1e3);
      }
    } catch (TornadoExecutionPlanException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    return new Outcome(List.of(y, qkv, hidden, sum), micros);
  }
}

package io.foregate.tornado.select;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Planes;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.encode.ReferenceQuantizer;
import io.foregate.quant.format.PlanePacker;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PlaneLayout;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.products.ProductBuffers;
import io.foregate.tornado.select.VariantChoice.Outcome;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseMatrix;
import io.foregate.tornado.weights.FeedForwardTypes;
import io.foregate.tornado.weights.LayerTypes;
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

/** A small layer with random weights of given types, for trials of kernels. */
final class TrialLayer {
  static final int WIDTH = 1024;
  static final int HIDDEN = 512;

  /** Rows of keys and values: not as many as tiles have. */
  static final int KV = 100;

  /** Experts that there are, and that each token uses. */
  static final int USED = 2;

  /** Different rows of a matrix, which repeats them: making random weights takes time. */
  private static final int ROWS = 32;

  private static final int RUNS = 5;

  private final LayerTypes types;
  private final ExpertShape shape;
  private final Random random = new Random(11);
  private final IntArray directory = new IntArray(Directory.PARTS);
  private final IntArray weights;
  private final FloatArray floats;
  private final IntArray pool;
  private int words;
  private int floatCount;

  TrialLayer(LayerTypes types) {
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
    for (int i = 0; i < USED; i++) {
      var expert =
          new ExpertWeights(
              matrix(shape.gate(), HIDDEN, WIDTH),
              matrix(shape.up(), HIDDEN, WIDTH),
              matrix(shape.down(), WIDTH, HIDDEN));
      layout.pack(shape, expert, pool.getSegment().asSlice(i * bytes, bytes));
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
    packer.pack(matrix.data(), weights.getSegment(), 4L * words);
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
    ReferenceQuantizer.quantize(type, values, 0, data, 0, values.length);
    long bytes = type.byteSize(columns);
    for (int row = different; row < rows; row++) {
      MemorySegment.copy(data, row % different * bytes, data, row * bytes, bytes);
    }
    return new Matrix(type, rows, columns, data);
  }

  /** Normal numbers. */
  FloatArray random(int size) {
    var array = new FloatArray(size);
    for (int i = 0; i < size; i++) {
      array.set(i, (float) random.nextGaussian());
    }
    return array;
  }

  LayerTypes types() {
    return types;
  }

  FeedForwardTypes networks() {
    return new FeedForwardTypes(-1, 0, USED, shape, types.feedForward().unit(), Optional.empty());
  }

  /** The weights. */
  DenseArrays dense() {
    return new DenseArrays(weights, floats, directory);
  }

  /** A matrix of the layer. */
  DenseMatrix matrix(int part, int type, int rows) {
    return new DenseMatrix(part, type, rows, WIDTH);
  }

  /** What a token or a batch needs that it reads. */
  static ProductBuffers.Load load(int tokens) {
    return new ProductBuffers.Load(tokens, Math.max(WIDTH, USED * HIDDEN), USED);
  }

  /** Memory of the experts. */
  IntArray pool() {
    return pool;
  }

  /** The first word of an expert there. */
  int record(int expert) {
    return expert * pool.getSize() / USED;
  }

  /** A graph of a trial, with this layer on the device. */
  Stage stage(String name, IntArray args) {
    TaskGraph graph =
        new TaskGraph(name)
            .transferToDevice(DataTransferMode.FIRST_EXECUTION, directory, weights, floats, pool);
    return new Stage(name, graph, args, new KernelContext(), new GridScheduler());
  }

  /**
   * Runs a graph some times on the default device.
   *
   * @param sum to which the graph adds: 0 at the beginning of each
   * @param results what it writes
   * @throws RuntimeException if the device cannot
   */
  static Outcome run(Stage stage, FloatArray sum, List<FloatArray> results) {
    stage.toHost(results.toArray());
    double micros = Double.POSITIVE_INFINITY;
    try (var plan = new TornadoExecutionPlan(stage.graph().snapshot())) {
      for (int run = 0; run < RUNS; run++) {
        sum.init(0f);
        long start = System.nanoTime();
        plan.withGridScheduler(stage.grid()).execute();
        micros = Math.min(micros, (System.nanoTime() - start) / 1e3);
      }
    } catch (TornadoExecutionPlanException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    return new Outcome(results, micros);
  }
}

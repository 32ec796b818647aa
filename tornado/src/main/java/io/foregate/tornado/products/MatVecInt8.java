package io.foregate.tornado.products;

import io.foregate.kernels.Int8;
import io.foregate.kernels.Int8Warps;
import io.foregate.kernels.Planes;
import io.foregate.kernels.Warps;
import io.foregate.store.layout.ExpertShape;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseMatrix;
import io.foregate.tornado.weights.FeedForwardTypes;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * With one token, its activations of 8 bits: {@link Int8Warps}, after {@link Int8#quantize}. What
 * has a type that these do not support is left to {@link MatVecWarps}.
 */
record MatVecInt8(DenseArrays dense, ProductBuffers scratch, MatVecWarps warps)
    implements ProductKernels {
  private static final int THREAD_LANES = 64;

  MatVecInt8(DenseArrays dense, ProductBuffers scratch) {
    this(dense, scratch, new MatVecWarps(dense));
  }

  static ProductBuffers.Size scratch(ProductBuffers.Load load) {
    int units = Math.ceilDiv(load.longest(), Planes.UNIT);
    return new ProductBuffers.Size(units * Int8.CODE_WORDS, units * Int8.SCALES, 0);
  }

  @Override
  public void product(Stage stage, String task, FloatArray x, DenseMatrix w, ProductOutput y) {
    if (Int8.supports(w.type())) {
      quantize(stage, task, x, w.columns());
      rounded(stage, task, w, y);
    } else {
      warps.product(stage, task, x, w, y);
    }
  }

  @Override
  public void input(Stage stage, FloatArray x, QkvMatrices w, FloatArray y) {
    if (support(w.query().type(), w.key().type(), w.value().type())) {
      quantize(stage, "input", x, w.columns());
      rounded(stage, "input", w.query(), new ProductOutput(y, w.rows(), 0, false));
      rounded(stage, "inputKey", w.key(), new ProductOutput(y, w.rows(), w.keyAt(), false));
      if (w.hasValue()) {
        rounded(stage, "inputValue", w.value(), new ProductOutput(y, w.rows(), w.valueAt(), false));
      }
    } else {
      warps.input(stage, x, w, y);
    }
  }

  @Override
  public void networks(Stage stage, Networks networks, NetworkBuffers buffers) {
    ExpertShape shape = networks.types().experts();
    if (support(ExpertPart.GATE.type(shape), ExpertPart.UP.type(shape))) {
      quantize(stage, "gateUp", buffers.normed(), shape.embedding());
      gateUp(stage, networks, buffers);
    } else {
      warps.gateUp(stage, networks, buffers);
    }
    if (support(ExpertPart.DOWN.type(shape))) {
      quantize(stage, "down", buffers.hidden(), networks.used() * shape.feedForward());
      down(stage, networks, buffers);
    } else {
      warps.down(stage, networks, buffers);
    }
  }

  private static boolean support(int... types) {
    return IntStream.of(types).allMatch(Int8::supports);
  }

  /** Rounds what a task reads to 8 bits. */
  private void quantize(Stage stage, String task, FloatArray x, int columns) {
    int units = columns / Planes.UNIT;
    stage.perThread(
        task + "8",
        units,
        THREAD_LANES,
        (graph, name) ->
            graph.task(
                name,
                Int8::quantize,
                stage.context(),
                x,
                scratch.codes(),
                scratch.factors(),
                units));
  }

  /** A product with what {@link #quantize} made. */
  private void rounded(Stage stage, String task, DenseMatrix w, ProductOutput y) {
    MatVecWarps.launch(
        stage,
        task,
        w.rows(),
        (graph, name) ->
            graph.task(
                name,
                Int8Warps::product,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.weights(),
                scratch.codes(),
                scratch.factors(),
                y.to(),
                w.part(),
                w.type(),
                w.rows(),
                w.columns(),
                y.at(),
                y.mode(),
                Warps.WIDTH));
  }

  private void gateUp(Stage stage, Networks networks, NetworkBuffers buffers) {
    FeedForwardTypes types = networks.types();
    ExpertShape shape = types.experts();
    MatVecWarps.launch(
        stage,
        "gateUp",
        networks.used() * shape.feedForward(),
        (graph, name) ->
            graph.task(
                name,
                Int8Warps::gateUp,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.floats(),
                networks.pool(),
                scratch.codes(),
                scratch.factors(),
                buffers.hidden(),
                ExpertPart.GATE.type(shape),
                ExpertPart.UP.type(shape),
                ExpertPart.UP.offset(shape),
                shape.feedForward(),
                shape.embedding(),
                networks.used(),
                types.unit(),
                Warps.WIDTH));
  }

  private void down(Stage stage, Networks networks, NetworkBuffers buffers) {
    FeedForwardTypes types = networks.types();
    ExpertShape shape = types.experts();
    MatVecWarps.launch(
        stage,
        "down",
        shape.embedding(),
        (graph, name) ->
            graph.task(
                name,
                Int8Warps::down,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.floats(),
                networks.pool(),
                scratch.codes(),
                scratch.factors(),
                networks.weights(),
                buffers.outputs(),
                buffers.residual(),
                ExpertPart.DOWN.type(shape),
                ExpertPart.DOWN.offset(shape),
                shape.embedding(),
                shape.feedForward(),
                networks.used(),
                types.unit(),
                Warps.WIDTH));
  }
}

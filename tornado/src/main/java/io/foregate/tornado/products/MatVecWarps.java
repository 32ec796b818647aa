package io.foregate.tornado.products;

import io.foregate.kernels.Warps;
import io.foregate.store.layout.ExpertShape;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseMatrix;
import io.foregate.tornado.weights.FeedForwardTypes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** With one token, where threads run in warps: {@link Warps}, a warp per row. */
record MatVecWarps(DenseArrays dense) implements ProductKernels {
  /** Threads of a group of warps. */
  private static final int LANES = 128;

  /** Adds a task with a warp for each of so many rows. */
  static void launch(Stage stage, String task, int rows, Stage.Task added) {
    stage.launch(task, Math.ceilDiv(rows, LANES / Warps.WIDTH), LANES, added);
  }

  @Override
  public void product(Stage stage, String task, FloatArray x, DenseMatrix w, ProductOutput y) {
    launch(
        stage,
        task,
        w.rows(),
        (graph, name) ->
            graph.task(
                name,
                Warps::product,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.weights(),
                dense.floats(),
                x,
                y.to(),
                w.part(),
                w.type(),
                w.rows(),
                w.columns(),
                y.at(),
                y.mode(),
                Warps.WIDTH));
  }

  @Override
  public void input(Stage stage, FloatArray x, QkvMatrices w, FloatArray y) {
    launch(
        stage,
        "input",
        w.rows(),
        (graph, name) ->
            graph.task(
                name,
                Warps::attentionInput,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.weights(),
                dense.floats(),
                x,
                y,
                w.query().type(),
                w.key().type(),
                w.value().type(),
                w.query().rows(),
                w.key().rows(),
                w.value().rows(),
                w.columns(),
                Warps.WIDTH));
  }

  @Override
  public void networks(Stage stage, Networks networks, NetworkBuffers buffers) {
    gateUp(stage, networks, buffers);
    down(stage, networks, buffers);
  }

  void gateUp(Stage stage, Networks networks, NetworkBuffers buffers) {
    FeedForwardTypes types = networks.types();
    ExpertShape shape = types.experts();
    launch(
        stage,
        "gateUp",
        networks.used() * shape.feedForward(),
        (graph, name) ->
            graph.task(
                name,
                Warps::gateUp,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.floats(),
                networks.pool(),
                buffers.normed(),
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

  void down(Stage stage, Networks networks, NetworkBuffers buffers) {
    FeedForwardTypes types = networks.types();
    ExpertShape shape = types.experts();
    launch(
        stage,
        "down",
        shape.embedding(),
        (graph, name) ->
            graph.task(
                name,
                Warps::down,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.floats(),
                networks.pool(),
                buffers.hidden(),
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

package io.foregate.tornado.products;

import io.foregate.kernels.Experts;
import io.foregate.kernels.MatVec;
import io.foregate.kernels.Planes;
import io.foregate.store.layout.ExpertShape;
import io.foregate.tornado.device.Launches;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseMatrix;
import io.foregate.tornado.weights.FeedForwardTypes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** With one token, on every device: {@link MatVec} and {@link Experts}, a group per row. */
record MatVecPortable(DenseArrays dense) implements ProductKernels {
  private static final int MAX_LANES = 64;

  @Override
  public void product(Stage stage, String task, FloatArray x, DenseMatrix w, ProductOutput y) {
    stage.launch(
        task,
        w.rows(),
        lanes(w.columns()),
        (graph, name) ->
            graph.task(
                name,
                MatVec::product,
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
                y.mode()));
  }

  @Override
  public void input(Stage stage, FloatArray x, QkvMatrices w, FloatArray y) {
    stage.launch(
        "input",
        w.rows(),
        lanes(w.columns()),
        (graph, name) ->
            graph.task(
                name,
                MatVec::attentionInput,
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
                w.columns()));
  }

  @Override
  public void networks(Stage stage, Networks networks, NetworkBuffers buffers) {
    FeedForwardTypes types = networks.types();
    ExpertShape shape = types.experts();
    int embedding = shape.embedding();
    int width = shape.feedForward();
    stage.launch(
        "gateUp",
        networks.used() * width,
        lanes(embedding),
        (graph, name) ->
            graph.task(
                name,
                Experts::gateUp,
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
                width,
                embedding,
                networks.used(),
                types.unit()));
    stage.launch(
        "down",
        embedding,
        lanes(width),
        (graph, name) ->
            graph.task(
                name,
                Experts::down,
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
                embedding,
                width,
                networks.used(),
                types.unit()));
  }

  private static int lanes(int columns) {
    return Launches.lanes(columns / Planes.UNIT, MAX_LANES);
  }
}

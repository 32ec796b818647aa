package io.foregate.tornado.products;

import io.foregate.kernels.Experts;
import io.foregate.kernels.MatMul;
import io.foregate.kernels.Tiles;
import io.foregate.store.layout.ExpertShape;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseMatrix;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * With a batch, on every device: {@link MatMul} and {@link Experts#multiply}, which read each
 * weight once for up to {@link Tiles#TOKENS} tokens.
 *
 * @param tokens of the largest batch
 */
record MatMulPortable(DenseArrays dense, int tokens) implements ProductKernels {
  private static final int THREAD_LANES = 64;

  @Override
  public void product(Stage stage, String task, FloatArray x, DenseMatrix w, ProductOutput y) {
    stage.launch(
        task,
        tiles(w),
        Tiles.LANES,
        (graph, name) ->
            graph.task(
                name,
                MatMul::product,
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
                y.stride(),
                y.at(),
                y.mode()));
  }

  /** Tiles of a product with the largest batch. */
  int tiles(DenseMatrix w) {
    return Tiles.ofRows(w.rows()) * Tiles.ofTokens(tokens);
  }

  @Override
  public void input(Stage stage, FloatArray x, QkvMatrices w, FloatArray y) {
    product(stage, "query", x, w.query(), new ProductOutput(y, w.rows(), 0, false));
    product(stage, "key", x, w.key(), new ProductOutput(y, w.rows(), w.keyAt(), false));
    if (w.hasValue()) {
      product(stage, "value", x, w.value(), new ProductOutput(y, w.rows(), w.valueAt(), false));
    }
  }

  @Override
  public void networks(Stage stage, Networks networks, NetworkBuffers buffers) {
    multiply(stage, ExpertPart.GATE, networks, buffers.normed(), buffers.hidden());
    multiply(stage, ExpertPart.UP, networks, buffers.normed(), buffers.hidden());
    multiply(stage, ExpertPart.DOWN, networks, buffers.hidden(), buffers.outputs());
    combine(stage, networks, buffers);
  }

  /** One of the networks' products. */
  void multiply(Stage stage, ExpertPart part, Networks networks, FloatArray x, FloatArray y) {
    ExpertShape shape = networks.types().experts();
    stage.launch(
        part.task(),
        tiles(part, networks),
        Tiles.LANES,
        (graph, name) ->
            graph.task(
                name,
                Experts::multiply,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.floats(),
                networks.pool(),
                x,
                y,
                part.type(shape),
                part.offset(shape),
                part.rows(shape),
                part.columns(shape),
                part.share(networks.used()),
                part.mode(),
                part.biasPart(),
                networks.types().unit()));
  }

  /** Tiles of a networks' product with the largest batch. */
  int tiles(ExpertPart part, Networks networks) {
    int most = Experts.mostTiles(tokens, networks.choices(), networks.used());
    return Tiles.ofRows(part.rows(networks.types().experts())) * most;
  }

  /** The weighted sums of the networks' outputs. */
  void combine(Stage stage, Networks networks, NetworkBuffers buffers) {
    int embedding = networks.types().experts().embedding();
    stage.perThread(
        "combine",
        tokens * embedding,
        THREAD_LANES,
        (graph, name) ->
            graph.task(
                name,
                Experts::combine,
                stage.context(),
                stage.args(),
                networks.weights(),
                buffers.outputs(),
                buffers.residual(),
                embedding,
                networks.used()));
  }
}

package io.foregate.tornado.products;

import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.MmaTiles;
import io.foregate.store.layout.ExpertShape;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseMatrix;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * With a batch, on tensor cores: {@link MmaTiles}, after activations have been rounded to f16
 * ({@link MmaTiles#pack}). What has a type that these do not support is left to {@link
 * MatMulPortable}.
 */
record MatMulMma(DenseArrays dense, ProductBuffers scratch, MatMulPortable portable)
    implements ProductKernels {

  MatMulMma(DenseArrays dense, ProductBuffers scratch, int tokens) {
    this(dense, scratch, new MatMulPortable(dense, tokens));
  }

  /** Two f16 to a word, and a factor for each row. Where there are no batches, nothing. */
  static ProductBuffers.Size scratch(ProductBuffers.Load load) {
    if (load.tokens() == 0) {
      return ProductBuffers.Size.NONE;
    }
    return new ProductBuffers.Size(
        load.tokens() * load.longest() / 2,
        load.tokens() * load.used(),
        MmaTiles.MAX_GROUPS * MmaTiles.GROUP_SUMS);
  }

  @Override
  public void product(Stage stage, String task, FloatArray x, DenseMatrix w, ProductOutput y) {
    packTokens(stage, task + "F16", x, w.columns());
    packed(stage, task, x, w, y);
  }

  @Override
  public void input(Stage stage, FloatArray x, QkvMatrices w, FloatArray y) {
    packTokens(stage, "inputF16", x, w.columns());
    packed(stage, "query", x, w.query(), new ProductOutput(y, w.rows(), 0, false));
    packed(stage, "key", x, w.key(), new ProductOutput(y, w.rows(), w.keyAt(), false));
    if (w.hasValue()) {
      packed(stage, "value", x, w.value(), new ProductOutput(y, w.rows(), w.valueAt(), false));
    }
  }

  @Override
  public void networks(Stage stage, Networks networks, NetworkBuffers buffers) {
    ExpertShape shape = networks.types().experts();
    pack(stage, "readInput", buffers.normed(), shape.embedding(), LaunchArgs.BATCH_TOKENS, 1);
    multiply(stage, ExpertPart.GATE, networks, buffers.normed(), buffers.hidden());
    multiply(stage, ExpertPart.UP, networks, buffers.normed(), buffers.hidden());
    int used = networks.used();
    pack(stage, "readHidden", buffers.hidden(), shape.feedForward(), LaunchArgs.BATCH_TOKENS, used);
    multiply(stage, ExpertPart.DOWN, networks, buffers.hidden(), buffers.outputs());
    portable.combine(stage, networks, buffers);
  }

  private void packTokens(Stage stage, String task, FloatArray x, int columns) {
    pack(stage, task, x, columns, LaunchArgs.TOKENS, 1);
  }

  /**
   * Rounds to f16 what the next products read.
   *
   * @param tokensAt the launch argument that tells the tokens
   * @param share rows of a token
   */
  private void pack(Stage stage, String task, FloatArray x, int columns, int tokensAt, int share) {
    stage.launch(
        task,
        portable.tokens() * share,
        MmaTiles.LANES,
        (graph, name) ->
            graph.task(
                name,
                MmaTiles::pack,
                stage.context(),
                stage.args(),
                x,
                scratch.codes(),
                scratch.factors(),
                columns,
                tokensAt,
                share));
  }

  /** A product with what was packed last, which is {@code x}. */
  private void packed(Stage stage, String task, FloatArray x, DenseMatrix w, ProductOutput y) {
    if (!MmaTiles.supports(w.type())) {
      portable.product(stage, task, x, w, y);
      return;
    }
    stage.launch(
        task,
        MmaTiles.groups(portable.tiles(w)),
        MmaTiles.LANES,
        (graph, name) ->
            graph.task(
                name,
                MmaTiles::product,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.weights(),
                dense.floats(),
                scratch.codes(),
                scratch.factors(),
                scratch.sums(),
                y.to(),
                w.part(),
                w.type(),
                w.rows(),
                w.columns(),
                y.stride(),
                y.at(),
                y.mode()));
  }

  private void multiply(
      Stage stage, ExpertPart part, Networks networks, FloatArray x, FloatArray y) {
    ExpertShape shape = networks.types().experts();
    if (!MmaTiles.supports(part.type(shape))) {
      portable.multiply(stage, part, networks, x, y);
      return;
    }
    stage.launch(
        part.task(),
        MmaTiles.groups(portable.tiles(part, networks)),
        MmaTiles.LANES,
        (graph, name) ->
            graph.task(
                name,
                MmaTiles::experts,
                stage.context(),
                stage.args(),
                dense.directory(),
                dense.floats(),
                networks.pool(),
                scratch.codes(),
                scratch.factors(),
                scratch.sums(),
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
}

package io.foregate.tornado;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Tiles;
import io.foregate.model.ModelConfig;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products with the tokens of a batch: each weight is read once for up to {@link Tiles#TOKENS} of
 * them, see {@link MatMulTasks}. Launches are as large as the largest batch wants; {@code step}
 * tells how many tokens there are.
 */
record BatchProducts(ModelConfig config, GraphBook book, MatMulTasks tasks) implements Products {

  static BatchProducts of(ModelConfig config, GraphBook book, MatMulVariant variant, int tokens) {
    SequenceBuffers buffers = book.buffers();
    return new BatchProducts(
        config,
        book,
        new MatMulTasks(
            variant,
            book.context(),
            book.grid(),
            tokens,
            buffers.codes(),
            buffers.scales(),
            buffers.sums()));
  }

  @Override
  public int tokens() {
    return tasks.tokens();
  }

  @Override
  public String suffix() {
    return "Batch";
  }

  @Override
  public FloatArray routed() {
    return book.buffers().batchRouted();
  }

  @Override
  public FloatArray expertWeights() {
    return book.buffers().batchWeights();
  }

  @Override
  public IntArray networksStep(int experts, int used) {
    return BatchStep.array(experts, used, tokens());
  }

  @Override
  public void product(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      FloatArray x,
      FloatArray y,
      int part,
      int type,
      int rows,
      int columns,
      int stride,
      int at,
      boolean add) {
    tasks.read(graph, name, task + "Halves", step, x, columns);
    int mode = add ? Tiles.ADD : Tiles.STORE;
    tasks.product(
        graph, name, task, dense(step), x, y, part, type, rows, columns, stride, at, mode);
  }

  @Override
  public void input(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    InputSizes sizes = InputSizes.of(config);
    tasks.read(graph, name, "inputHalves", step, book.buffers().normed(), config.embedding());
    input(graph, name, "query", step, Directory.QUERY, types.query(), sizes.query(), 0);
    input(graph, name, "key", step, Directory.KEY, types.key(), sizes.key(), sizes.query());
    if (sizes.value() > 0) {
      int at = sizes.query() + sizes.key();
      input(graph, name, "value", step, Directory.VALUE, types.value(), sizes.value(), at);
    }
  }

  private void input(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      int part,
      int type,
      int rows,
      int at) {
    tasks.product(
        graph,
        name,
        task,
        dense(step),
        book.buffers().normed(),
        book.buffers().qkv(),
        part,
        type,
        rows,
        config.embedding(),
        InputSizes.of(config).sum(),
        at,
        Tiles.STORE);
  }

  /** Portable, so that logits are rounded no further than what they are made of. */
  @Override
  public void router(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    tasks.portable(
        graph,
        name,
        "router",
        dense(step),
        book.buffers().normed(),
        routed(),
        Directory.ROUTER,
        types.feedForward().router(),
        config.experts(),
        config.embedding(),
        SequenceBuffers.record(config),
        0,
        Tiles.STORE);
  }

  @Override
  public boolean isRouterPortable() {
    return true;
  }

  @Override
  public void networks(
      TaskGraph graph,
      String name,
      IntArray step,
      IntArray pool,
      FloatArray weights,
      FeedForwardTypes types,
      int experts) {
    SequenceBuffers buffers = book.buffers();
    tasks.experts(
        graph,
        name,
        dense(step),
        pool,
        buffers.normed(),
        buffers.hidden(),
        buffers.out(),
        weights,
        buffers.x(),
        types,
        experts);
  }

  private MatVecTasks.Dense dense(IntArray step) {
    return MatVecTasks.Dense.of(step, book.memory());
  }
}

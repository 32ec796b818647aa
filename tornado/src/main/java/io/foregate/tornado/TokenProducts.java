package io.foregate.tornado;

import io.foregate.kernels.Directory;
import io.foregate.kernels.Experts;
import io.foregate.model.ModelConfig;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products with a token alone, see {@link MatVecTasks}. */
record TokenProducts(ModelConfig config, GraphBook book, MatVecTasks tasks) implements Products {

  static TokenProducts of(ModelConfig config, GraphBook book, MatVecVariant variant) {
    SequenceBuffers buffers = book.buffers();
    return new TokenProducts(
        config,
        book,
        new MatVecTasks(variant, book.context(), book.grid(), buffers.codes(), buffers.scales()));
  }

  @Override
  public int tokens() {
    return 1;
  }

  @Override
  public String suffix() {
    return "";
  }

  @Override
  public FloatArray routed() {
    return book.buffers().routed();
  }

  @Override
  public FloatArray expertWeights() {
    return book.buffers().expertWeights();
  }

  @Override
  public IntArray networksStep(int experts, int used) {
    var step = new IntArray(Experts.PLACES + 3 * used);
    step.init(0);
    return step;
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
    tasks.product(graph, name, task, dense(step), x, y, part, type, rows, columns, at, add ? 1 : 0);
  }

  @Override
  public void input(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    InputSizes sizes = InputSizes.of(config);
    tasks.attentionInput(
        graph,
        name,
        "input",
        dense(step),
        book.buffers().normed(),
        book.buffers().qkv(),
        types,
        sizes.query(),
        sizes.key(),
        sizes.value(),
        config.embedding());
  }

  @Override
  public void router(TaskGraph graph, String name, IntArray step, LayerTypes types) {
    product(
        graph,
        name,
        "router",
        step,
        book.buffers().normed(),
        routed(),
        Directory.ROUTER,
        types.feedForward().router(),
        config.experts(),
        config.embedding(),
        SequenceBuffers.record(config),
        0,
        false);
  }

  @Override
  public boolean isRouterPortable() {
    return tasks.variant() == MatVecVariant.PORTABLE;
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
    tasks.gateUp(graph, name, dense(step), pool, buffers.normed(), buffers.hidden(), types);
    tasks.down(
        graph,
        name,
        dense(step),
        pool,
        buffers.hidden(),
        weights,
        buffers.out(),
        buffers.x(),
        types);
  }

  private MatVecTasks.Dense dense(IntArray step) {
    return MatVecTasks.Dense.of(step, book.memory());
  }
}

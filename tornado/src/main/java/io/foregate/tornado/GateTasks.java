package io.foregate.tornado;

import io.foregate.kernels.Gating;
import io.foregate.kernels.Planes;
import io.foregate.model.ModelConfig;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Adds lookahead gates to graphs, see {@link Gating}. */
record GateTasks(ModelConfig config, GateSizes sizes, GraphBook book) {
  private static final int MOST_LANES = 64;
  private static final int THREAD_LANES = 64;

  static GateTasks of(ModelConfig config, DenseWeights dense, GraphBook book) {
    return new GateTasks(config, dense.gates(), book);
  }

  /** The gate's first matrix, after what the gate reads was normed. */
  void first(TaskGraph graph, String name, IntArray step) {
    first(graph, name, step, Planes.F32, 0);
  }

  /** The same, and the router's logits in the same launch. */
  void firstWithRouter(TaskGraph graph, String name, IntArray step, int routerType) {
    first(graph, name, step, routerType, config.experts());
  }

  private void first(TaskGraph graph, String name, IntArray step, int routerType, int routerRows) {
    graph.task(
        "gate",
        Gating::first,
        book.context(),
        step,
        book.memory().directory(),
        book.memory().weights(),
        book.memory().floats(),
        book.buffers().normed(),
        book.buffers().gateInput(),
        book.buffers().routed(),
        book.buffers().gateHidden(),
        routerType,
        config.embedding(),
        routerRows,
        SequenceBuffers.record(config),
        config.layers(),
        sizes.horizon(),
        sizes.outputs(),
        sizes.hidden());
    int groups = routerRows + sizes.outputs() + sizes.hidden();
    Launches.groups(book.grid(), name + ".gate", groups, lanes(config.embedding()));
  }

  /** What remains of the gate. */
  void second(TaskGraph graph, String name, IntArray step) {
    graph.task(
        "scores",
        Gating::second,
        book.context(),
        step,
        book.memory().directory(),
        book.memory().weights(),
        book.buffers().gateInput(),
        book.buffers().routed(),
        book.buffers().gateHidden(),
        config.embedding(),
        SequenceBuffers.record(config),
        config.layers(),
        sizes.outputs(),
        sizes.hidden());
    Launches.groups(book.grid(), name + ".scores", sizes.outputs() + 1, MOST_LANES);
  }

  /** The gate of the token itself, once its embedding was normed. */
  void ofToken(TaskGraph graph, String name, IntArray step) {
    first(graph, name, step);
    second(graph, name, step);
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, book.buffers().routed());
  }

  /**
   * Of a batch, keeps what the next token's first gates read.
   *
   * @param plain normed residuals, {@code [tokens][embedding]} from {@code plainAt} on
   */
  void keep(TaskGraph graph, String name, IntArray step, FloatArray plain, int plainAt) {
    graph.task(
        "keep",
        Gating::keep,
        book.context(),
        step,
        plain,
        book.buffers().gateInput(),
        plainAt,
        config.embedding(),
        config.layers());
    Launches.perThread(book.grid(), name + ".keep", config.embedding(), THREAD_LANES);
  }

  /** Makes the next token the first. */
  void forget(TaskGraph graph, String name, IntArray step) {
    graph.task(
        "forget",
        Gating::forget,
        book.context(),
        step,
        book.buffers().gateInput(),
        config.embedding());
    Launches.perThread(book.grid(), name + ".forget", config.embedding(), THREAD_LANES);
  }

  /** As the router alone has them: its logits are the same bits with gates and without. */
  private static int lanes(int columns) {
    return Launches.lanes(columns / Planes.UNIT, MOST_LANES);
  }
}

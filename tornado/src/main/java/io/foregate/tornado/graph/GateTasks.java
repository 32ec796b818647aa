package io.foregate.tornado.graph;

import io.foregate.kernels.Gating;
import io.foregate.kernels.Planes;
import io.foregate.model.ModelConfig;
import io.foregate.tornado.device.Launches;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseWeights;
import io.foregate.tornado.weights.GateSizes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Adds lookahead gates to graphs, see {@link Gating}. */
record GateTasks(ModelConfig config, GateSizes sizes, TaskGraphs graphs) {
  private static final int MAX_LANES = 64;
  private static final int THREAD_LANES = 64;

  static GateTasks of(ModelConfig config, DenseWeights dense, TaskGraphs graphs) {
    return new GateTasks(config, dense.gates(), graphs);
  }

  /** The gate's first matrix, after what the gate reads was normed. */
  void first(Stage stage) {
    first(stage, Planes.F32, 0);
  }

  /** The same, and the router's logits in the same launch. */
  void firstWithRouter(Stage stage, int routerType) {
    first(stage, routerType, config.experts());
  }

  private void first(Stage stage, int routerType, int routerRows) {
    int groups = routerRows + sizes.outputs() + sizes.hidden();
    stage.launch(
        "gate",
        groups,
        lanes(config.embedding()),
        (graph, task) ->
            graph.task(
                task,
                Gating::first,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().weights(),
                graphs.dense().floats(),
                graphs.buffers().normed,
                graphs.buffers().gateInput,
                graphs.buffers().routed,
                graphs.buffers().gateHidden,
                routerType,
                config.embedding(),
                routerRows,
                SequenceBuffers.record(config),
                config.layers(),
                sizes.horizon(),
                sizes.outputs(),
                sizes.hidden()));
  }

  /** What remains of the gate. */
  void second(Stage stage) {
    stage.launch(
        "scores",
        sizes.outputs() + 1,
        MAX_LANES,
        (graph, task) ->
            graph.task(
                task,
                Gating::second,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().weights(),
                graphs.buffers().gateInput,
                graphs.buffers().routed,
                graphs.buffers().gateHidden,
                config.embedding(),
                SequenceBuffers.record(config),
                config.layers(),
                sizes.outputs(),
                sizes.hidden()));
  }

  /** The gate of the token itself, once its embedding was normed. */
  void ofToken(Stage stage) {
    first(stage);
    second(stage);
    stage.toHost(graphs.buffers().routed);
  }

  /**
   * Of a batch, keeps what the next token's first gates read.
   *
   * @param plain normed residuals, {@code [tokens][embedding]} from {@code plainAt} on
   */
  void keep(Stage stage, FloatArray plain, int plainAt) {
    stage.perThread(
        "keep",
        config.embedding(),
        THREAD_LANES,
        (graph, task) ->
            graph.task(
                task,
                Gating::keep,
                stage.context(),
                stage.args(),
                plain,
                graphs.buffers().gateInput,
                plainAt,
                config.embedding(),
                config.layers()));
  }

  /** Makes the next token the first. */
  void forget(Stage stage) {
    stage.perThread(
        "forget",
        config.embedding(),
        THREAD_LANES,
        (graph, task) ->
            graph.task(
                task,
                Gating::forget,
                stage.context(),
                stage.args(),
                graphs.buffers().gateInput,
                config.embedding()));
  }

  /** As the router alone has them: its logits are the same bits with gates and without. */
  private static int lanes(int columns) {
    return Launches.lanes(columns / Planes.UNIT, MAX_LANES);
  }
}

package io.foregate.tornado.graph;

import io.foregate.kernels.NormKernels;
import io.foregate.model.ModelConfig;
import io.foregate.tornado.device.Stage;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Adds norms of the residual stream to graphs, see {@link NormKernels#rms}.
 *
 * @param tokens of the largest batch
 * @param plain where results without weight go
 */
record NormTasks(ModelConfig config, TaskGraphs graphs, int tokens, FloatArray plain) {
  static final int LANES = 128;

  /** Of what has no place. */
  static final int NONE = -1;

  /**
   * Where a norm's vectors are.
   *
   * @param weight part of the directory
   * @param bias likewise; {@link #NONE} without
   */
  record Vectors(int weight, int bias) {}

  /**
   * Of all tokens.
   *
   * @param plainAt where in {@code plain} the result goes without weight; {@link #NONE} for nowhere
   */
  void all(Stage stage, String task, Vectors vectors, int plainAt) {
    norm(stage, task, vectors, plainAt, NONE);
  }

  /**
   * Of one token.
   *
   * @param tokenAt the launch argument that tells it
   */
  void one(Stage stage, String task, Vectors vectors, int tokenAt) {
    norm(stage, task, vectors, NONE, tokenAt);
  }

  private void norm(Stage stage, String task, Vectors vectors, int plainAt, int tokenAt) {
    stage.launch(
        task,
        tokens,
        LANES,
        (graph, name) ->
            graph.task(
                name,
                NormKernels::rms,
                stage.context(),
                stage.args(),
                graphs.dense().directory(),
                graphs.dense().floats(),
                graphs.buffers().residual,
                graphs.buffers().normed,
                plain,
                plainAt,
                tokenAt,
                vectors.weight(),
                vectors.bias(),
                config.embedding(),
                config.normEpsilon()));
  }
}

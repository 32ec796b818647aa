package io.foregate.tornado;

import io.foregate.kernels.Norm;
import io.foregate.model.ModelConfig;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Adds norms of the residual stream to graphs, see {@link Norm#rms}.
 *
 * @param tokens of the largest batch
 * @param plain where results without weight go
 */
record NormTasks(ModelConfig config, GraphBook book, int tokens, FloatArray plain) {
  static final int LANES = 128;

  /**
   * Of all tokens.
   *
   * @param part of the directory
   * @param biasPart likewise; if negative, there is no bias
   * @param plainAt where in {@code plain} the result goes without weight; if negative, nowhere
   */
  void all(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      int part,
      int biasPart,
      int plainAt) {
    norm(graph, name, task, step, part, biasPart, plainAt, -1);
  }

  /**
   * Of one token.
   *
   * @param token which element of {@code step} tells the token
   */
  void one(
      TaskGraph graph, String name, String task, IntArray step, int part, int biasPart, int token) {
    norm(graph, name, task, step, part, biasPart, -1, token);
  }

  private void norm(
      TaskGraph graph,
      String name,
      String task,
      IntArray step,
      int part,
      int biasPart,
      int plainAt,
      int token) {
    graph.task(
        task,
        Norm::rms,
        book.context(),
        step,
        book.memory().directory(),
        book.memory().floats(),
        book.buffers().x(),
        book.buffers().normed(),
        plain,
        plainAt,
        token,
        part,
        biasPart,
        config.embedding(),
        config.normEpsilon());
    Launches.groups(book.grid(), name + "." + task, tokens, LANES);
  }
}

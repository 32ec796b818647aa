package io.foregate.tornado;

import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * How a sequence's graphs multiply weights with tokens: with one alone, or with those of a batch.
 * What graphs do otherwise is the same for both, see {@link LayerGraphs}.
 */
sealed interface Products permits TokenProducts, BatchProducts {

  /** Of the largest launch. */
  int tokens();

  /** What tells graphs of different products apart by their names. */
  String suffix();

  /** Where routers' decisions go, to the host. */
  FloatArray routed();

  /** Weights of the tokens' experts, to the device. */
  FloatArray expertWeights();

  /**
   * What tells {@link #networks} where networks are, and which tokens pass them.
   *
   * @param experts that there are to choose from
   * @param used by a token
   */
  IntArray networksStep(int experts, int used);

  /**
   * {@code y_t = W x_t}.
   *
   * @param name of the graph
   * @param x of each token {@code columns}
   * @param y rows of {@code stride}; results begin at element {@code at}
   * @param part of the {@link io.foregate.kernels.Directory}
   * @param add whether it is {@code y_t += W x_t}
   */
  void product(
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
      boolean add);

  /** Queries, keys and values of normed tokens, side by side, see {@link InputSizes}. */
  void input(TaskGraph graph, String name, IntArray step, LayerTypes types);

  /** A router's logits of normed tokens, to {@link #routed}. */
  void router(TaskGraph graph, String name, IntArray step, LayerTypes types);

  /** Whether {@link #router} has the bits of the portable kernels. */
  boolean isRouterPortable();

  /**
   * All that feed-forward networks do with normed tokens, added to the residual stream.
   *
   * @param pool where the networks are
   * @param weights {@code [tokens][used]}
   * @param experts that there are to choose from
   */
  void networks(
      TaskGraph graph,
      String name,
      IntArray step,
      IntArray pool,
      FloatArray weights,
      FeedForwardTypes types,
      int experts);
}

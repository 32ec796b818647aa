package io.foregate.backend.cpu;

import io.foregate.backend.Routing;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.FeedForward;
import io.foregate.quant.vector.VectorKernels;

/**
 * The experts of a sequence's batch, and their sum: outputs are added up in the router's order,
 * whatever the order in which the experts ran.
 */
final class RoutedExperts {
  private static final int ROW_CHUNK = 8;

  private final ModelConfig config;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Workspace work;
  private final ExpertBatch batch;
  private final float outputScale;
  private final WorkerPool.RangeTask combineTask = this::combineTokens;
  private Routing routing;
  private FeedForward.Routed layer;

  RoutedExperts(
      ModelConfig config,
      VectorKernels kernels,
      WorkerPool pool,
      Workspace work,
      ProductBatch products,
      GatedUnit unit) {
    this.config = config;
    this.kernels = kernels;
    this.pool = pool;
    this.work = work;
    this.batch = new ExpertBatch(config, kernels, pool, products, unit);
    this.outputScale = config.scales().residual();
  }

  /** Takes a new batch. Its picks may still be changed until the first {@link #run}. */
  void begin(Routing routing, FeedForward.Routed layer) {
    this.routing = routing;
    this.layer = layer;
    batch.begin(routing, layer, work.normed, work.experts);
  }

  /**
   * @param layer counted among the layers with experts
   */
  void run(int layer, CpuExpertMemory memory, int[] ids, int[] places, int count) {
    batch.run(layer, memory, ids, places, count);
  }

  /** Adds the weighted outputs of all picks, and what tokens share, to the residual stream. */
  void combine() {
    pool.run(routing.tokens(), ROW_CHUNK, combineTask);
  }

  private void combineTokens(int from, int to, int worker) {
    int width = config.embedding();
    int used = config.expertsUsed();
    for (int t = from; t < to; t++) {
      for (int pick = t * used; pick < (t + 1) * used; pick++) {
        int output = batch.output(pick);
        float weight = routing.weights()[pick] * outputScale;
        kernels.axpy(weight, work.experts.outputs, output, work.residual, t * width, width);
        if (layer.biases().isPresent()) {
          int bias = routing.ids()[pick] * width;
          kernels.axpy(weight, layer.biases().down(), bias, work.residual, t * width, width);
        }
      }
      if (layer.shared().isPresent()) {
        float weight = work.sharedWeight[t] * outputScale;
        kernels.axpy(weight, work.sharedOutput, t * width, work.residual, t * width, width);
      }
    }
  }
}

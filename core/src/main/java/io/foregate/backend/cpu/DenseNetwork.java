package io.foregate.backend.cpu;

import io.foregate.model.ModelConfig;
import io.foregate.model.weights.FeedForward;

/**
 * A feed-forward network that every token of a batch passes: a dense layer's, or what is shared
 * beside experts. Reads {@link Workspace#wide}, which must hold the input as both products want it.
 */
final class DenseNetwork {
  private static final int TOKEN_CHUNK = 8;

  private final WorkerPool pool;
  private final Workspace work;
  private final ProductBatch products;
  private final GatedUnit unit;
  private final int width;
  private final WorkerPool.RangeTask hiddenTask = this::activateHidden;
  private FeedForward.Dense network;
  private Activations hidden;

  DenseNetwork(
      ModelConfig config, WorkerPool pool, Workspace work, ProductBatch products, GatedUnit unit) {
    this.pool = pool;
    this.work = work;
    this.products = products;
    this.unit = unit;
    this.width = config.embedding();
  }

  /**
   * Computes the output of a batch.
   *
   * @param hidden scratch as wide as the network's hidden layer
   * @param output {@code [batch][embedding]}
   */
  void run(FeedForward.Dense network, Activations hidden, int batch, float[] output) {
    this.network = network;
    this.hidden = hidden;
    int rows = network.gate().rows();
    products.add(network.gate(), work.wide.of(network.gate().type()), 0, batch, work.gate, rows);
    products.add(network.up(), work.wide.of(network.up().type()), 0, batch, work.up, rows);
    products.run();
    hidden.of(network.down().type()); // made here, where no other thread looks
    pool.run(batch, TOKEN_CHUNK, hiddenTask);
    products.add(network.down(), hidden.of(network.down().type()), 0, batch, output, width);
    products.run();
  }

  private void activateHidden(int from, int to, int worker) {
    int rows = network.gate().rows();
    for (int t = from; t < to; t++) {
      unit.apply(work.gate, work.up, t * rows, rows);
      hidden.set(network.down().type(), work.gate, t * rows, t);
    }
  }
}

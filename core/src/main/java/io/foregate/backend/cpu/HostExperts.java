package io.foregate.backend.cpu;

import io.foregate.backend.ExpertMemory;
import io.foregate.backend.Routing;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.ModelWeights;
import io.foregate.quant.vector.Scratch;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.quant.vector.VectorProvider;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import java.util.Arrays;

/**
 * Experts that the CPU computes for a device's sequences, which take turns: an expert's place is
 * {@code layer * experts + expert}, layers with experts alone being counted. They are read where
 * the device's copies come from, in the records of a store, so that no second copy of them is
 * needed; those that have no record, where they lie in the model's file.
 */
public final class HostExperts implements ExpertMemory, AutoCloseable {
  private final ModelConfig config;
  private final ModelWeights weights;
  private final VectorKernels kernels = VectorProvider.get().exactKernels();
  private final CpuExpertMemory experts;
  private final WorkerPool pool;
  private final ExpertBatch batch;
  private ExpertScratch scratch;
  private float[] normed = {};
  private FeedForward.Routed routed;
  private Routing routing;
  private int layer;

  private HostExperts(
      ModelConfig config, ModelWeights weights, CpuExpertMemory experts, int threads) {
    this.config = config;
    this.weights = weights;
    this.experts = experts;
    this.pool = new WorkerPool(CpuBackend.workers(threads));
    var scratches = new Scratch[pool.size()];
    Arrays.setAll(scratches, _ -> new Scratch());
    var products = new ProductBatch(kernels, pool, scratches, 2 * config.experts());
    var unit = new GatedUnit(kernels, config.family().activation());
    this.batch = new ExpertBatch(config, kernels, pool, products, unit);
  }

  /**
   * Experts that have no records, where they lie in the model's file.
   *
   * @param threads compute threads; 0 for one per core
   */
  public static HostExperts ofFile(ModelConfig config, ModelWeights weights, int threads) {
    return new HostExperts(config, weights, ExpertTable.ofFile(config, weights), threads);
  }

  /**
   * Experts in records.
   *
   * @param records in that layout; must outlive the result
   * @param threads compute threads; 0 for one per core
   */
  public static HostExperts ofRecords(
      ModelConfig config,
      ModelWeights weights,
      ExpertLayout layout,
      ExpertRecords records,
      int threads) {
    CpuExpertMemory experts = ExpertTable.of(config, weights, layout, records);
    return new HostExperts(config, weights, experts, threads);
  }

  @Override
  public int count() {
    return experts.count();
  }

  /**
   * Takes a batch. Allocates nothing once the largest one has been seen.
   *
   * @param layer of the model
   * @return where its normed residual stream is to be put before {@link #run}, {@code
   *     [tokens][embedding]}
   */
  public float[] begin(int layer, Routing routing) {
    this.layer = layer;
    this.routing = routing;
    this.routed = (FeedForward.Routed) weights.layers().get(layer).feedForward();
    int elements = routing.tokens() * config.embedding();
    if (normed.length < elements) {
      normed = new float[elements];
      int products = ExpertScratch.rows(config, routing.tokens()) * config.moe().feedForward();
      scratch =
          new ExpertScratch(
              config, kernels, routing.tokens(), new float[products], new float[products]);
    }
    batch.begin(routing, routed, normed, scratch);
    return normed;
  }

  /** Computes some of the layer's experts, for all tokens that chose them. */
  public void run(int[] ids, int[] places, int count) {
    batch.run(config.routedLayer(layer), experts, ids, places, count);
  }

  /**
   * What an expert made of a token.
   *
   * @param pick {@code token * used + rank} of an expert that has run
   * @param out {@code [embedding]}
   */
  public void output(int pick, float[] out) {
    int width = config.embedding();
    System.arraycopy(scratch.outputs, batch.output(pick), out, 0, width);
    if (routed.biases().isPresent()) {
      kernels.axpy(1f, routed.biases().down(), routing.ids()[pick] * width, out, 0, width);
    }
  }

  /** Ends the threads. */
  @Override
  public void close() {
    pool.close();
  }
}

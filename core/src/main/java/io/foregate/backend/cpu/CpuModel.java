package io.foregate.backend.cpu;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.ExpertSlots;
import io.foregate.backend.Sequence;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.options.Link;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.RowLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A model on the CPU: its weights stay in the file's mapping, its sequences share threads and
 * scratch.
 */
final class CpuModel implements BackendModel {
  private final ModelConfig config;
  private final ModelWeights weights;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final Workspace workspace;
  private final ExpertMemory resident;
  private final ExpertLayout layout = new RowLayout();
  private final List<ExpertShape> shapes;

  CpuModel(ModelConfig config, ModelWeights weights, VectorKernels kernels, int threads) {
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.workspace = new Workspace(config, kernels, threads);
    this.resident = ExpertTable.ofFile(config, weights);
    this.shapes = shapes(weights);
    this.pool = new WorkerPool(threads); // last: nothing after it can fail and leave threads behind
  }

  private static List<ExpertShape> shapes(ModelWeights weights) {
    List<ExpertShape> shapes = new ArrayList<>();
    for (LayerWeights layer : weights.layers()) {
      if (layer.feedForward() instanceof FeedForward.Routed routed) {
        shapes.add(ExpertShape.of(routed.experts()));
      }
    }
    return List.copyOf(shapes);
  }

  @Override
  public ExpertLayout expertLayout() {
    return layout;
  }

  @Override
  public ExpertMemory residentExperts() {
    return resident;
  }

  @Override
  public ExpertMemory hostExperts(ExpertRecords records) {
    return ExpertTable.of(config, weights, layout, records);
  }

  @Override
  public ExpertSlots newSlots(int count, Link link) {
    link.requireAuto("cpu");
    return new SlotMemory(count, shapes, layout, link.gbps());
  }

  @Override
  public Sequence newSequence(int capacity, KvType kvType) {
    var cache = new KvCache(config, capacity, kvType);
    try {
      var memory = new CpuSequence.Memory(cache, new RecurrentState(config));
      return new CpuSequence(config, weights, kernels, pool, workspace, memory);
    } catch (RuntimeException | Error e) {
      cache.close();
      throw e;
    }
  }

  @Override
  public int threads() {
    return pool.size();
  }

  @Override
  public void close() {
    pool.close();
  }
}

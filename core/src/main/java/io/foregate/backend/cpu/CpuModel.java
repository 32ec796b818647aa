package io.foregate.backend.cpu;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertSlots;
import io.foregate.backend.KvType;
import io.foregate.backend.Sequence;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.quant.VectorKernels;

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
  private final ExpertSlots resident;

  CpuModel(ModelConfig config, ModelWeights weights, VectorKernels kernels, int threads) {
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.workspace = new Workspace(config, kernels, threads);
    this.resident = new FileExpertSlots(config, weights);
    this.pool = new WorkerPool(threads); // last: nothing after it can fail and leave threads behind
  }

  @Override
  public ExpertSlots residentExperts() {
    return resident;
  }

  @Override
  public Sequence newSequence(int capacity, KvType kvType) {
    var cache = new KvCache(config, capacity, kvType);
    return new CpuSequence(config, weights, kernels, pool, workspace, cache);
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

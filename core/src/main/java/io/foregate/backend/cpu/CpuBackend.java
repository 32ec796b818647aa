package io.foregate.backend.cpu;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.ModelWeights;
import io.foregate.quant.vector.VectorProvider;

/** Runs models on this machine's cores. */
public final class CpuBackend implements Backend {

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    int cores = Runtime.getRuntime().availableProcessors();
    return cores == 1 ? "1 core" : cores + " cores";
  }

  @Override
  public BackendModel open(ModelConfig config, ModelWeights weights, int threads) {
    return new CpuModel(config, weights, VectorProvider.get().kernels(), workers(threads));
  }

  /** Compute threads: those that were asked for, or for 0 one per core. */
  static int workers(int threads) {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }
}

package io.foregate.backend.cpu;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.quant.VectorProvider;

/** Runs models on this machine's cores. */
public final class CpuBackend implements Backend {

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    return "%d cores, %s"
        .formatted(Runtime.getRuntime().availableProcessors(), VectorProvider.get().reason());
  }

  @Override
  public BackendModel open(ModelConfig config, ModelWeights weights, int threads) {
    int workers = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    return new CpuModel(config, weights, VectorProvider.get().kernels(), workers);
  }
}

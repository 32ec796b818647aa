package io.foregate.tornado.graph;

import io.foregate.quant.vector.VectorProvider;
import io.foregate.tornado.device.TornadoSettings;
import io.foregate.tornado.products.ExactNetworks;
import io.foregate.tornado.products.MatVecVariant;
import io.foregate.tornado.products.NetworkKernels;
import io.foregate.tornado.products.ProductKernels;
import io.foregate.tornado.products.TokenNetworkArgs;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products with a token alone. */
record TokenProducts(
    SequenceBuffers buffers,
    MatVecVariant variant,
    ProductKernels kernels,
    NetworkKernels expertKernels)
    implements Products {

  static TokenProducts of(TaskGraphs graphs, MatVecVariant variant) {
    SequenceBuffers buffers = graphs.buffers();
    ProductKernels kernels = variant.kernels(graphs.dense(), buffers.scratch, 1);
    int chains = VectorProvider.get().exactKernels().chains();
    NetworkKernels experts =
        TornadoSettings.exact()
            ? new ExactNetworks(graphs.dense(), buffers.scratch, chains)
            : kernels;
    return new TokenProducts(buffers, variant, kernels, experts);
  }

  @Override
  public int tokens() {
    return 1;
  }

  @Override
  public String suffix() {
    return "";
  }

  @Override
  public FloatArray routed() {
    return buffers.routed;
  }

  @Override
  public FloatArray expertWeights() {
    return buffers.expertWeights;
  }

  @Override
  public IntArray networkArgs(int choices, int used) {
    return TokenNetworkArgs.array(used);
  }

  @Override
  public ProductKernels routerKernels() {
    return kernels;
  }

  @Override
  public boolean isRouterPortable() {
    return variant == MatVecVariant.PORTABLE;
  }
}

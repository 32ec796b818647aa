package io.foregate.tornado.graph;

import io.foregate.tornado.products.MatVecVariant;
import io.foregate.tornado.products.ProductKernels;
import io.foregate.tornado.products.TokenNetworkArgs;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products with a token alone. */
record TokenProducts(SequenceBuffers buffers, MatVecVariant variant, ProductKernels kernels)
    implements Products {

  static TokenProducts of(TaskGraphs graphs, MatVecVariant variant) {
    SequenceBuffers buffers = graphs.buffers();
    ProductKernels kernels = variant.kernels(graphs.dense(), buffers.scratch, 1);
    return new TokenProducts(buffers, variant, kernels);
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

package io.foregate.tornado.graph;

import io.foregate.tornado.products.BatchNetworkArgs;
import io.foregate.tornado.products.MatMulVariant;
import io.foregate.tornado.products.NetworkKernels;
import io.foregate.tornado.products.ProductKernels;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products with the tokens of a batch. Routers' kernels are the portable ones, so that logits are
 * rounded no further than what they are made of.
 */
record BatchProducts(
    SequenceBuffers buffers, int tokens, ProductKernels kernels, ProductKernels routerKernels)
    implements Products {

  static BatchProducts of(TaskGraphs graphs, MatMulVariant variant, int tokens) {
    SequenceBuffers buffers = graphs.buffers();
    return new BatchProducts(
        buffers,
        tokens,
        variant.kernels(graphs.dense(), buffers.scratch, tokens),
        MatMulVariant.PORTABLE.kernels(graphs.dense(), buffers.scratch, tokens));
  }

  @Override
  public String suffix() {
    return "Batch";
  }

  @Override
  public FloatArray routed() {
    return buffers.batchRouted;
  }

  @Override
  public FloatArray expertWeights() {
    return buffers.batchWeights;
  }

  @Override
  public IntArray networkArgs(int choices, int used) {
    return BatchNetworkArgs.array(choices, used, tokens);
  }

  @Override
  public NetworkKernels expertKernels() {
    return kernels;
  }

  @Override
  public boolean isRouterPortable() {
    return true;
  }
}

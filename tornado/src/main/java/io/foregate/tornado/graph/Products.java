package io.foregate.tornado.graph;

import io.foregate.tornado.products.NetworkKernels;
import io.foregate.tornado.products.ProductKernels;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Whether graphs work on a token alone or on a batch, and with which kernels they multiply. What
 * graphs do otherwise is the same for both, see {@link LayerGraphs}.
 */
sealed interface Products permits TokenProducts, BatchProducts {

  /** Of the largest launch. */
  int tokens();

  /** What tells graphs of different products apart by their names. */
  String suffix();

  /** Where routers' decisions go, to the host. */
  FloatArray routed();

  /** Weights of the tokens' experts, to the device. */
  FloatArray expertWeights();

  /**
   * Launch arguments that tell where networks are, and which tokens pass them.
   *
   * @param choices networks that there are to choose from
   * @param used by a token
   */
  IntArray networkArgs(int choices, int used);

  ProductKernels kernels();

  /** The kernels for experts that tokens are routed to. */
  NetworkKernels expertKernels();

  /** The kernels for routers' logits. */
  ProductKernels routerKernels();

  /** Whether routers' logits have the bits of the portable kernels. */
  boolean isRouterPortable();
}

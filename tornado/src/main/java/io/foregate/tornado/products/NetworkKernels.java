package io.foregate.tornado.products;

import io.foregate.tornado.device.Stage;

/** A way to run feed-forward networks. */
@FunctionalInterface
public interface NetworkKernels {
  /** All that feed-forward networks do, see {@link io.foregate.kernels.Experts}. */
  void networks(Stage stage, Networks networks, NetworkBuffers buffers);
}

package io.foregate.engine;

import io.foregate.backend.Routing;

/** Told of every routing decision, on the session's thread, before the experts run. */
@FunctionalInterface
public interface RoutingListener {

  /**
   * @param routed the layer, counted among the layers with experts
   * @param position position of the batch's first token; the others follow it
   * @param routing valid during the call; ids and weights may be overwritten to replay others
   * @param inputs of the gates at this layer; to be read during the call
   */
  void routed(int routed, int position, Routing routing, GateInputs inputs);
}

package io.foregate.tornado.weights;

import io.foregate.backend.GateMatrices;

/**
 * Sizes of the lookahead gates that a device scores; all 0 where the host does.
 *
 * @param horizon layers looked ahead
 * @param outputs scores of a gate
 * @param hidden width of the hidden layer; 0 without
 */
public record GateSizes(int horizon, int outputs, int hidden) {
  static final GateSizes NONE = new GateSizes(0, 0, 0);

  static GateSizes of(GateMatrices gates) {
    return new GateSizes(gates.horizon(), gates.outputs(), gates.hidden());
  }

  public boolean present() {
    return outputs > 0;
  }
}

package io.foregate.engine;

/** What lookahead gates see of the tokens of a batch at a layer. */
@FunctionalInterface
public interface GateInputs {

  /**
   * The residual stream behind the layer's attention block, RMS-normalized without the norm's
   * weight.
   *
   * @param token of the batch, by index
   * @param out {@code [embedding]}
   */
  void read(int token, float[] out);
}

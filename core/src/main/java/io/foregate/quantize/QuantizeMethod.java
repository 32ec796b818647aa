package io.foregate.quantize;

import io.foregate.quant.encode.WeightQuantizer.Method;

/** How the codes of a block are found. */
public enum QuantizeMethod {
  /** The least error, weighed by importance where it is known. */
  SEARCH(Method.SEARCH),

  /** Half-quadratic: outliers weigh less. */
  HQQ(Method.HQQ),

  /** As ggml does without an importance matrix. */
  REFERENCE(Method.REFERENCE);

  private final Method method;

  QuantizeMethod(Method method) {
    this.method = method;
  }

  Method method() {
    return method;
  }
}

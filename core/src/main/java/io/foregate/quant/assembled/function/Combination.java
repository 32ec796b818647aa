package io.foregate.quant.assembled.function;

import io.foregate.assembly.Vec;

/** An instruction that makes one register of two. */
public interface Combination {
  void write(Vec to, Vec a, Vec b);
}

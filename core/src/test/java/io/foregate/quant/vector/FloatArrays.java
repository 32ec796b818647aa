package io.foregate.quant.vector;

import java.util.function.IntToDoubleFunction;

/** What {@code Arrays.setAll} is for doubles. */
final class FloatArrays {
  private FloatArrays() {}

  static void setAll(float[] x, IntToDoubleFunction f) {
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) f.applyAsDouble(i);
    }
  }
}

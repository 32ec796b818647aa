package io.foregate.tornado;

import io.foregate.backend.KvType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A KV cache of both types, of which one is used. What is read and should not be shows. */
record TestCache(IntArray halves, FloatArray singles) {
  TestCache(int pairs) {
    this(new IntArray(pairs), new FloatArray(2 * pairs));
    halves.init(0x7bff7bff); // the largest half
    singles.init(Float.NaN);
  }

  /** What a cache makes of a number. */
  static double cached(KvType type, double value) {
    return type == KvType.F16
        ? Float.float16ToFloat(Float.floatToFloat16((float) value))
        : (float) value;
  }
}

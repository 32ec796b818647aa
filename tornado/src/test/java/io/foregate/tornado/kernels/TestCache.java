package io.foregate.tornado.kernels;

import io.foregate.options.KvType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A KV cache of both types, of which one is used. What is read and should not be shows. */
record TestCache(IntArray f16, FloatArray f32) {
  TestCache(int pairs) {
    this(new IntArray(pairs), new FloatArray(2 * pairs));
    f16.init(0x7bff7bff); // the largest f16
    f32.init(Float.NaN);
  }

  /** What a cache makes of a number. */
  static double cached(KvType type, double value) {
    return type == KvType.F16
        ? Float.float16ToFloat(Float.floatToFloat16((float) value))
        : (float) value;
  }
}

package io.foregate.quant;

import static io.foregate.quant.Lanes.N;
import static io.foregate.quant.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * Weighted sums of F16 or F32 rows in native memory, as attention makes them of its values: two
 * vectors of columns at a time.
 */
final class RowSums {
  private RowSums() {}

  static void f16(
      long first, long stride, int count, int n, float[] factor, int fo, float[] y, int yo) {
    int j = 0;
    for (; j <= n - 2 * N; j += 2 * N) {
      FloatVector s0 = load(y, yo + j);
      FloatVector s1 = load(y, yo + j + N);
      for (int i = 0; i < count; i++) {
        long p = Native.at(first + i * stride + 2L * j);
        FloatVector f = Lanes.broadcast(factor[fo + i]);
        s0 = Native.halves(p).fma(f, s0);
        s1 = Native.halves(p + 2L * N).fma(f, s1);
      }
      s0.intoArray(y, yo + j);
      s1.intoArray(y, yo + j + N);
    }
    for (; j < n; j++) {
      for (int i = 0; i < count; i++) {
        y[yo + j] += factor[fo + i] * Native.half(Native.at(first + i * stride + 2L * j));
      }
    }
  }

  static void f32(
      long first, long stride, int count, int n, float[] factor, int fo, float[] y, int yo) {
    int j = 0;
    for (; j <= n - 2 * N; j += 2 * N) {
      FloatVector s0 = load(y, yo + j);
      FloatVector s1 = load(y, yo + j + N);
      for (int i = 0; i < count; i++) {
        long p = Native.at(first + i * stride + 4L * j);
        FloatVector f = Lanes.broadcast(factor[fo + i]);
        s0 = Native.floats(p).fma(f, s0);
        s1 = Native.floats(p + 4L * N).fma(f, s1);
      }
      s0.intoArray(y, yo + j);
      s1.intoArray(y, yo + j + N);
    }
    for (; j < n; j++) {
      for (int i = 0; i < count; i++) {
        y[yo + j] += factor[fo + i] * Native.f32(Native.at(first + i * stride + 4L * j));
      }
    }
  }
}

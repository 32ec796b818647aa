package io.foregate.quant.vector;

import static io.foregate.quant.vector.Lanes.N;
import static io.foregate.quant.vector.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * Dot products of one F32, F16 or BF16 row in native memory with floats; four sums side by side
 * hide the latency of FMA.
 */
final class FloatDots {
  private FloatDots() {}

  static float f32(long row, float[] x, int xo, int n) {
    FloatVector s0 = Lanes.zero();
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = 0;
    for (; i <= n - 4 * N; i += 4 * N) {
      long p = Native.at(row + 4L * i);
      s0 = Native.floats(p).fma(load(x, xo + i), s0);
      s1 = Native.floats(p + 4L * N).fma(load(x, xo + i + N), s1);
      s2 = Native.floats(p + 8L * N).fma(load(x, xo + i + 2 * N), s2);
      s3 = Native.floats(p + 12L * N).fma(load(x, xo + i + 3 * N), s3);
    }
    for (; i <= n - N; i += N) {
      s0 = Native.floats(Native.at(row + 4L * i)).fma(load(x, xo + i), s0);
    }
    float sum = Lanes.sum(s0.add(s1).add(s2.add(s3)));
    for (; i < n; i++) {
      sum += Native.f32(Native.at(row + 4L * i)) * x[xo + i];
    }
    return sum;
  }

  static float f16(long row, float[] x, int xo, int n) {
    FloatVector s0 = Lanes.zero();
    FloatVector s1 = s0;
    int i = 0;
    for (; i <= n - 2 * N; i += 2 * N) {
      long p = Native.at(row + 2L * i);
      s0 = Native.f16Lanes(p).fma(load(x, xo + i), s0);
      s1 = Native.f16Lanes(p + 2L * N).fma(load(x, xo + i + N), s1);
    }
    for (; i <= n - N; i += N) {
      s0 = Native.f16Lanes(Native.at(row + 2L * i)).fma(load(x, xo + i), s0);
    }
    float sum = Lanes.sum(s0.add(s1));
    for (; i < n; i++) {
      sum += Native.f16(Native.at(row + 2L * i)) * x[xo + i];
    }
    return sum;
  }

  static float bf16(long row, float[] x, int xo, int n) {
    FloatVector s0 = Lanes.zero();
    FloatVector s1 = s0;
    int i = 0;
    for (; i <= n - 2 * N; i += 2 * N) {
      long p = Native.at(row + 2L * i);
      s0 = Native.bf16s(p).fma(load(x, xo + i), s0);
      s1 = Native.bf16s(p + 2L * N).fma(load(x, xo + i + N), s1);
    }
    for (; i <= n - N; i += N) {
      s0 = Native.bf16s(Native.at(row + 2L * i)).fma(load(x, xo + i), s0);
    }
    float sum = Lanes.sum(s0.add(s1));
    for (; i < n; i++) {
      sum += Native.bf16(Native.at(row + 2L * i)) * x[xo + i];
    }
    return sum;
  }
}

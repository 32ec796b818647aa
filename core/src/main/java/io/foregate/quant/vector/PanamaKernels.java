package io.foregate.quant.vector;

import static io.foregate.quant.vector.Lanes.N;
import static io.foregate.quant.vector.Lanes.load;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link VectorKernels} with the Vector API, on vectors of 256 or 512 bits.
 *
 * <p>Weights and cached rows in native memory (mapped files, arenas) take the fast path; segments
 * on the heap are left to {@link ScalarKernels}.
 */
final class PanamaKernels implements VectorKernels {
  private final ScalarKernels scalar = new ScalarKernels();

  @Override
  public String name() {
    return "panama, " + Lanes.BITS + "-bit vectors";
  }

  @Override
  public void matVec(
      GgmlType type,
      MemorySegment w,
      long wOffset,
      int cols,
      int rowBegin,
      int rowEnd,
      ActivationRows x,
      int xRow,
      float[] y,
      int yOffset,
      Scratch scratch) {
    if (!w.isNative()) {
      scalar.matVec(type, w, wOffset, cols, rowBegin, rowEnd, x, xRow, y, yOffset, scratch);
      return;
    }
    try {
      long rowBytes = type.byteSize(cols);
      int rows = rowEnd - rowBegin;
      long first = Native.address(w, wOffset + rowBegin * rowBytes, rows * rowBytes);
      rows(type, first, rowBytes, cols, rows, x, xRow, y, yOffset + rowBegin, scratch);
    } finally {
      Reference.reachabilityFence(w);
    }
  }

  private static void rows(
      GgmlType type,
      long first,
      long rowBytes,
      int cols,
      int rows,
      ActivationRows x,
      int xRow,
      float[] y,
      int yOffset,
      Scratch scratch) {
    int xo = x.start(xRow);
    if (RowLoops.TYPES.contains(type)) {
      RowLoops.run(type, first, rows, cols, x, xo, y, yOffset);
      return;
    }
    boolean k = KDots.TYPES.contains(type);
    for (int r = 0; r < rows; r++) {
      long row = first + r * rowBytes;
      y[yOffset + r] =
          k
              ? KDots.dot(type, row, x, xo, cols, scratch)
              : UnpackedDots.dot(type, row, x, xo, cols, scratch.block);
    }
  }

  @Override
  public void matMul(
      GgmlType type,
      MemorySegment w,
      long wOffset,
      int cols,
      int rowBegin,
      int rowEnd,
      ActivationRows x,
      int b0,
      int b1,
      float[] y,
      int yStride,
      int yOffset,
      Scratch scratch) {
    if (!w.isNative()) {
      scalar.matMul(
          type, w, wOffset, cols, rowBegin, rowEnd, x, b0, b1, y, yStride, yOffset, scratch);
      return;
    }
    try {
      long rowBytes = type.byteSize(cols);
      int rows = rowEnd - rowBegin;
      long first = Native.address(w, wOffset + rowBegin * rowBytes, rows * rowBytes);
      int out = yOffset + rowBegin;
      // A small batch, and the few rows that would fill no panel, go one by one. How a row is
      // multiplied depends on the size of its batch alone, not on where the batch lies in x.
      int rest = (b1 - b0) % N;
      int panelled = rest > PanamaMatMul.FEW ? b1 : b1 - rest;
      if (panelled - b0 > PanamaMatMul.FEW) {
        PanamaMatMul.multiply(type, first, rows, cols, x, b0, panelled, y, yStride, out, scratch);
      } else {
        panelled = b0;
      }
      oneByOne(type, first, rows, cols, x, panelled, b1, y, yStride, out, scratch);
    } finally {
      Reference.reachabilityFence(w);
    }
  }

  /** Few activations: a tile of rows at a time, so that its bytes come from memory once. */
  private static void oneByOne(
      GgmlType type,
      long first,
      int rows,
      int cols,
      ActivationRows x,
      int b0,
      int b1,
      float[] y,
      int yStride,
      int yOffset,
      Scratch scratch) {
    long rowBytes = type.byteSize(cols);
    for (int r = 0; r < rows; r += Scratch.TILE_ROWS) {
      int n = Math.min(Scratch.TILE_ROWS, rows - r);
      for (int b = b0; b < b1; b++) {
        int out = b * yStride + yOffset + r;
        rows(type, first + r * rowBytes, rowBytes, cols, n, x, b, y, out, scratch);
      }
    }
  }

  @Override
  public void gemm(
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      float[] c,
      int cOffset,
      int ldc,
      int m,
      int n,
      int k,
      boolean accumulate) {
    PanamaGemm.gemm(a, aOffset, lda, b, bOffset, ldb, c, cOffset, ldc, m, n, k, accumulate);
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    FloatVector s0 = Lanes.zero();
    FloatVector s1 = s0;
    int i = 0;
    for (; i <= n - 2 * N; i += 2 * N) {
      s0 = load(a, aOffset + i).fma(load(b, bOffset + i), s0);
      s1 = load(a, aOffset + i + N).fma(load(b, bOffset + i + N), s1);
    }
    for (; i <= n - N; i += N) {
      s0 = load(a, aOffset + i).fma(load(b, bOffset + i), s0);
    }
    float sum = Lanes.sum(s0.add(s1));
    for (; i < n; i++) {
      sum += a[aOffset + i] * b[bOffset + i];
    }
    return sum;
  }

  @Override
  public void axpy(float alpha, float[] x, int xOffset, float[] y, int yOffset, int n) {
    FloatVector factor = Lanes.broadcast(alpha);
    int i = 0;
    for (; i <= n - N; i += N) {
      load(x, xOffset + i).fma(factor, load(y, yOffset + i)).intoArray(y, yOffset + i);
    }
    for (; i < n; i++) {
      y[yOffset + i] += alpha * x[xOffset + i];
    }
  }

  @Override
  public void scale(float[] x, int offset, int n, float factor) {
    int i = 0;
    for (; i <= n - N; i += N) {
      load(x, offset + i).mul(factor).intoArray(x, offset + i);
    }
    for (; i < n; i++) {
      x[offset + i] *= factor;
    }
  }

  @Override
  public void scaledProduct(
      float[] x,
      int xOffset,
      float factor,
      float[] w,
      int wOffset,
      float[] out,
      int outOffset,
      int n) {
    int i = 0;
    for (; i <= n - N; i += N) {
      load(x, xOffset + i).mul(factor).mul(load(w, wOffset + i)).intoArray(out, outOffset + i);
    }
    for (; i < n; i++) {
      out[outOffset + i] = x[xOffset + i] * factor * w[wOffset + i];
    }
  }

  @Override
  public float sumOfSquares(float[] x, int offset, int n) {
    return dot(x, offset, x, offset, n);
  }

  @Override
  public void softmax(float[] x, int offset, int n) {
    FloatVector maxima = Lanes.broadcast(Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= n - N; i += N) {
      maxima = maxima.max(load(x, offset + i));
    }
    float max = maxima.reduceLanes(VectorOperators.MAX);
    for (; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    FloatVector sums = Lanes.zero();
    for (i = 0; i <= n - N; i += N) {
      FloatVector e = Exponential.of(load(x, offset + i).sub(max));
      e.intoArray(x, offset + i);
      sums = sums.add(e);
    }
    float sum = Lanes.sum(sums);
    for (; i < n; i++) {
      x[offset + i] = (float) Math.exp(x[offset + i] - max);
      sum += x[offset + i];
    }
    scale(x, offset, n, 1 / sum);
  }

  @Override
  public void exp(float[] x, int offset, int n) {
    int i = 0;
    for (; i <= n - N; i += N) {
      Exponential.of(load(x, offset + i)).intoArray(x, offset + i);
    }
    for (; i < n; i++) {
      x[offset + i] = (float) Math.exp(x[offset + i]);
    }
  }

  @Override
  public void siluProduct(
      float[] gate, int gateOffset, float[] up, int upOffset, float[] out, int outOffset, int n) {
    int i = 0;
    for (; i <= n - N; i += N) {
      FloatVector g = load(gate, gateOffset + i);
      g.div(Exponential.of(g.neg()).add(1))
          .mul(load(up, upOffset + i))
          .intoArray(out, outOffset + i);
    }
    for (; i < n; i++) {
      float g = gate[gateOffset + i];
      out[outOffset + i] = g / (1 + (float) Math.exp(-g)) * up[upOffset + i];
    }
  }
}

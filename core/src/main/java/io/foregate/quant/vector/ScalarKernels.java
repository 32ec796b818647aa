package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.Quants;
import java.lang.foreign.MemorySegment;

/**
 * {@link VectorKernels} in plain Java: the meaning of every kernel, and what runs where the Vector
 * API is absent.
 */
final class ScalarKernels implements VectorKernels {
  /** Of machine code, whose bits products and gated units have. */
  private final int lanes;

  ScalarKernels() {
    this(8);
  }

  /**
   * @param lanes 8 or 16, see {@link ExactSums}
   */
  ScalarKernels(int lanes) {
    this.lanes = lanes;
  }

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public int chains() {
    return lanes;
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
    long rowBytes = type.byteSize(cols);
    for (int r = rowBegin; r < rowEnd; r++) {
      long row = wOffset + r * rowBytes;
      y[yOffset + r] =
          switch (type.blockSize()) {
            case 1 ->
                ExactSums.floats(
                    type, w, row, x.values, x.start(xRow), cols, lanes, scratch.chains);
            case 32 -> ExactSums.blocksOf32(scratch.block, type, w, row, x, x.start(xRow), cols);
            default ->
                ExactSums.blocksOf256(
                    scratch.block, type, w, row, x, x.start(xRow), cols, lanes, scratch.chains);
          };
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
    long rowBytes = type.byteSize(cols);
    for (int r = rowBegin; r < rowEnd; r++) {
      for (int b = b0; b < b1; b++) {
        y[b * yStride + yOffset + r] = 0;
      }
      for (int c = 0; c < cols; c += Scratch.TILE_COLS) {
        int n = Math.min(Scratch.TILE_COLS, cols - c);
        long at = wOffset + r * rowBytes + type.byteSize(c);
        Quants.decode(type, w, at, scratch.tile, 0, n, scratch.block);
        for (int b = b0; b < b1; b++) {
          y[b * yStride + yOffset + r] += dot(scratch.tile, 0, x.values, x.start(b) + c, n);
        }
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
    for (int row = 0; row < m; row++) {
      for (int col = 0; col < n; col++) {
        float sum = accumulate ? c[cOffset + row * ldc + col] : 0;
        for (int i = 0; i < k; i++) {
          sum += a[aOffset + row * lda + i] * b[bOffset + i * ldb + col];
        }
        c[cOffset + row * ldc + col] = sum;
      }
    }
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
      sum += a[aOffset + i] * b[bOffset + i];
    }
    return sum;
  }

  @Override
  public void axpy(float alpha, float[] x, int xOffset, float[] y, int yOffset, int n) {
    for (int i = 0; i < n; i++) {
      y[yOffset + i] += alpha * x[xOffset + i];
    }
  }

  @Override
  public void scale(float[] x, int offset, int n, float factor) {
    for (int i = 0; i < n; i++) {
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
    for (int i = 0; i < n; i++) {
      out[outOffset + i] = x[xOffset + i] * factor * w[wOffset + i];
    }
  }

  @Override
  public float sumOfSquares(float[] x, int offset, int n) {
    return dot(x, offset, x, offset, n);
  }

  @Override
  public void softmax(float[] x, int offset, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    float sum = 0;
    for (int i = 0; i < n; i++) {
      x[offset + i] = (float) Math.exp(x[offset + i] - max);
      sum += x[offset + i];
    }
    scale(x, offset, n, 1 / sum);
  }

  @Override
  public void exp(float[] x, int offset, int n) {
    for (int i = offset; i < offset + n; i++) {
      x[i] = (float) Math.exp(x[i]);
    }
  }

  @Override
  public void siluProduct(
      float[] gate, int gateOffset, float[] up, int upOffset, float[] out, int outOffset, int n) {
    for (int i = 0; i < n; i++) {
      float g = gate[gateOffset + i];
      out[outOffset + i] = g / (ScalarExponential.of(-g) + 1) * up[upOffset + i];
    }
  }

  @Override
  public void clampedSiluProduct(float[] gate, float[] up, int offset, int n) {
    for (int i = offset; i < offset + n; i++) {
      float x = Math.min(gate[i], CLAMPED_LIMIT);
      float y = Math.clamp(up[i], -CLAMPED_LIMIT, CLAMPED_LIMIT);
      gate[i] = x / (ScalarExponential.of(-(x * CLAMPED_STEEPNESS)) + 1) * (y + 1);
    }
  }
}

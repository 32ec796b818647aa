package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.LittleEndian;
import io.foregate.quant.format.Quants;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.MemorySegment;

/**
 * {@link VectorKernels} in plain Java: the meaning of every kernel, and what runs where the Vector
 * API is absent.
 */
final class ScalarKernels implements VectorKernels {
  @Override
  public String name() {
    return "scalar";
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
          type.blockSize() == 1
              ? floatDot(type, w, row, x.values, x.start(xRow), cols)
              : blockDot(scratch.block, type, w, row, x, x.start(xRow), cols);
    }
  }

  private static float floatDot(
      GgmlType type, MemorySegment w, long row, float[] x, int xo, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
      sum += element(type, w, row, i) * x[xo + i];
    }
    return sum;
  }

  private static float element(GgmlType type, MemorySegment w, long row, int i) {
    return switch (type) {
      case F32 -> LittleEndian.f32(w, row + 4L * i);
      case F16 -> LittleEndian.f16(w, row + 2L * i);
      case BF16 -> LittleEndian.bf16(w, row + 2L * i);
      default -> throw Quants.unsupported(type);
    };
  }

  /**
   * Integer products per sub-block, then one scale for each, as ggml's generic {@code
   * ggml_vec_dot_*}.
   */
  private static float blockDot(
      UnpackedBlock block,
      GgmlType type,
      MemorySegment w,
      long row,
      ActivationRows x,
      int xo,
      int n) {
    float sum = 0;
    for (int i = 0; i < n; i += type.blockSize()) {
      block.read(type, w, row + type.byteSize(i));
      int subSize = block.subSize;
      float[] xSums = subSize == 16 ? x.sums16 : x.sums32;
      for (int sub = 0; sub * subSize < type.blockSize(); sub++) {
        int from = xo + i + sub * subSize;
        int products = 0;
        for (int j = 0; j < subSize; j++) {
          products += block.q[sub * subSize + j] * x.codes[from + j];
        }
        sum += block.scale[sub] * x.scales[from / 32] * products;
        sum -= block.min[sub] * xSums[from / subSize];
      }
    }
    return sum;
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
      out[outOffset + i] = g / (1 + (float) Math.exp(-g)) * up[upOffset + i];
    }
  }
}

package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import java.lang.foreign.MemorySegment;

/**
 * Products of weights in {@link io.foregate.quant.format.PlaneShape planes} with activations. Some
 * types have machine code for it; of others a few rows at a time become ggml's blocks, which the
 * kernels multiply as any others. Results have the bits that they have with the weights of a file.
 */
public final class PlaneTiles {
  /** Rows that some kernels take at a time. */
  private static final int GROUP = 16;

  /** Bytes of rows that are made at a time, where a group has no more: what a cache keeps. */
  private static final int TILE_BYTES = 24 << 10;

  private PlaneTiles() {}

  /**
   * Brings tokens into the order that {@link #multiply} may need, once for all its calls: after
   * they were set, and before the first of the calls that take tokens {@code b0 .. b1 - 1} or some
   * of them. One thread at a time.
   */
  public static void prepare(
      VectorKernels kernels, GgmlType type, ActivationRows x, int b0, int b1) {
    if (kernels instanceof AssembledKernels assembled) {
      assembled.products().prepare(type, x, b0, b1);
    }
  }

  /**
   * As {@link VectorKernels#matMul}, or {@link VectorKernels#matVec} for one token. Allocates
   * nothing once a matrix of such rows has been seen.
   *
   * @param planes of a matrix of {@code rows} rows
   * @throws IllegalStateException unless {@link #prepare} was called for these tokens
   */
  public static void multiply(
      VectorKernels kernels,
      GgmlType type,
      MemorySegment planes,
      int rows,
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
    if (kernels instanceof AssembledKernels assembled
        && planes.isNative()
        && assembled.products().multipliesPlanes(type, b1 - b0)) {
      assembled
          .products()
          .multiplyPlanes(
              type, planes, rows, cols, rowBegin, rowEnd, x, b0, b1, y, yStride, yOffset, scratch);
      return;
    }
    int rowBlocks = cols / type.blockSize();
    long blocks = (long) rows * rowBlocks;
    long rowBytes = type.byteSize(cols);
    int atOnce = (int) Math.max(1, TILE_BYTES / rowBytes / GROUP) * GROUP;
    MemorySegment tile = scratch.blocks(atOnce * rowBytes);
    for (int r = rowBegin; r < rowEnd; r += atOnce) {
      int count = Math.min(atOnce, rowEnd - r);
      kernels.readPlanes(type, planes, blocks, (long) r * rowBlocks, count * rowBlocks, tile);
      if (b1 - b0 == 1) {
        int out = b0 * yStride + yOffset + r;
        kernels.matVec(type, tile, 0, cols, 0, count, x, b0, y, out, scratch);
      } else {
        int out = yOffset + r;
        kernels.matMul(type, tile, 0, cols, 0, count, x, b0, b1, y, yStride, out, scratch);
      }
    }
  }
}

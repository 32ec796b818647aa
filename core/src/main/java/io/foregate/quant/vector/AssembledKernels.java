package io.foregate.quant.vector;

import static io.foregate.quant.assembled.floats.ElementLoop.CLAMPED_SILU_PRODUCT;
import static io.foregate.quant.assembled.floats.ElementLoop.EXPONENTIAL;
import static io.foregate.quant.assembled.floats.ElementLoop.MULTIPLY_AND_ADD;
import static io.foregate.quant.assembled.floats.ElementLoop.SCALE;
import static io.foregate.quant.assembled.floats.ElementLoop.SCALED_PRODUCT;
import static io.foregate.quant.assembled.floats.ElementLoop.SILU_PRODUCT;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.assembled.activation.ActivationStores;
import io.foregate.quant.assembled.floats.FloatLoops;
import io.foregate.quant.assembled.floats.TileProducts;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * {@link VectorKernels} in machine code; products with types that {@link RowProducts} does not have
 * are others'.
 */
final class AssembledKernels implements VectorKernels {
  /** From so many rows on, a tile is decoded once for all of them. */
  private static final int MANY_ROWS = 8;

  private final RowProducts rows;
  private final AssembledProducts products;
  private final TileProducts tiles;
  private final FloatLoops loops;
  private final Supplier<VectorKernels> others;

  /**
   * @param others asked for when a type without machine code comes: until then, no class of the
   *     Vector API need be there
   */
  AssembledKernels(RowProducts rows, TileProducts tiles, Supplier<VectorKernels> others) {
    this.rows = rows;
    this.products = new AssembledProducts(rows);
    this.tiles = tiles;
    this.loops = rows.loops();
    this.others = others;
  }

  /** What computes types that have no machine code. */
  VectorKernels others() {
    return others.get();
  }

  /** What stores activations as products here read them. */
  ActivationStores stores() {
    return rows.stores();
  }

  @Override
  public String name() {
    return "assembled, " + rows.set();
  }

  @Override
  public int chains() {
    return rows.set().bits() / Float.SIZE;
  }

  @Override
  public boolean readsBlocks(GgmlType weights) {
    return RowProducts.types().contains(weights);
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
    if (!readsBlocks(type)) {
      others().matVec(type, w, wOffset, cols, rowBegin, rowEnd, x, xRow, y, yOffset, scratch);
      return;
    }
    products.multiply(
        type, w, wOffset, cols, rowBegin, rowEnd, x, xRow, xRow + 1, y, 0, yOffset, scratch);
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
    if (!readsBlocks(type)) {
      others()
          .matMul(
              type, w, wOffset, cols, rowBegin, rowEnd, x, b0, b1, y, yStride, yOffset, scratch);
      return;
    }
    int first = b0 * yStride + yOffset;
    products.multiply(
        type, w, wOffset, cols, rowBegin, rowEnd, x, b0, b1, y, yStride, first, scratch);
  }

  @Override
  public void readPlanes(
      GgmlType type, MemorySegment planes, long blocks, long first, int count, MemorySegment out) {
    if (planes.isNative() && out.isNative()) {
      rows.planes().read(type, planes, blocks, first, count, out);
    } else {
      others().readPlanes(type, planes, blocks, first, count, out);
    }
  }

  /** Products of weights in planes. */
  AssembledProducts products() {
    return products;
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
    if (m == 0 || n == 0) {
      return;
    }
    if (k > 0) {
      tiles.multiply(a, aOffset, lda, b, bOffset, ldb, c, cOffset, ldc, m, n, k, accumulate);
      return;
    }
    for (int row = 0; row < m && !accumulate; row++) { // sums of nothing
      Arrays.fill(c, cOffset + row * ldc, cOffset + row * ldc + n, 0f);
    }
  }

  @Override
  public void gemm(
      HeapFloats a,
      int aOffset,
      int lda,
      HeapFloats b,
      int bOffset,
      int ldb,
      HeapFloats c,
      int cOffset,
      int ldc,
      int m,
      int n,
      int k,
      boolean accumulate) {
    tiles.multiply(
        a.segment(),
        aOffset,
        lda,
        false,
        b.segment(),
        4L * bOffset,
        ldb,
        c.segment(),
        cOffset,
        ldc,
        m,
        n,
        k,
        accumulate);
  }

  @Override
  public void gemmOfTile(
      HeapFloats a,
      int aOffset,
      int lda,
      boolean f16,
      MemorySegment b,
      long bAt,
      short[] f16s,
      float[] tile,
      HeapFloats c,
      int cOffset,
      int ldc,
      int m,
      int n,
      int k,
      boolean accumulate) {
    if (f16 && m > MANY_ROWS) {
      FloatTiles.read(true, b, bAt, k * n, f16s, tile);
      gemm(a.array(), aOffset, lda, tile, 0, n, c.array(), cOffset, ldc, m, n, k, accumulate);
      return;
    }
    tiles.multiply(
        a.segment(), aOffset, lda, f16, b, bAt, n, c.segment(), cOffset, ldc, m, n, k, accumulate);
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    return loops.dot(a, aOffset, b, bOffset, n);
  }

  @Override
  public void axpy(float alpha, float[] x, int xOffset, float[] y, int yOffset, int n) {
    loops.each(MULTIPLY_AND_ADD, x, xOffset, y, yOffset, y, yOffset, n, alpha);
  }

  @Override
  public void scale(float[] x, int offset, int n, float factor) {
    loops.each(SCALE, x, offset, x, offset, x, offset, n, factor);
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
    loops.each(SCALED_PRODUCT, x, xOffset, w, wOffset, out, outOffset, n, factor);
  }

  @Override
  public float sumOfSquares(float[] x, int offset, int n) {
    return loops.dot(x, offset, x, offset, n);
  }

  @Override
  public void softmax(float[] x, int offset, int n) {
    loops.softmax(x, offset, n);
  }

  @Override
  public void exp(float[] x, int offset, int n) {
    loops.each(EXPONENTIAL, x, offset, x, offset, x, offset, n, 0);
  }

  @Override
  public void siluProduct(
      float[] gate, int gateOffset, float[] up, int upOffset, float[] out, int outOffset, int n) {
    loops.each(SILU_PRODUCT, gate, gateOffset, up, upOffset, out, outOffset, n, 0);
  }

  @Override
  public void clampedSiluProduct(float[] gate, float[] up, int offset, int n) {
    loops.each(CLAMPED_SILU_PRODUCT, gate, offset, up, offset, gate, offset, n, CLAMPED_STEEPNESS);
  }
}

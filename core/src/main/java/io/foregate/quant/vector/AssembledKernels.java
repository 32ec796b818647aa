package io.foregate.quant.vector;

import static io.foregate.quant.assembled.floats.ElementLoop.CLAMPED_SILU_PRODUCT;
import static io.foregate.quant.assembled.floats.ElementLoop.EXPONENTIAL;
import static io.foregate.quant.assembled.floats.ElementLoop.MULTIPLY_AND_ADD;
import static io.foregate.quant.assembled.floats.ElementLoop.SCALE;
import static io.foregate.quant.assembled.floats.ElementLoop.SCALED_PRODUCT;
import static io.foregate.quant.assembled.floats.ElementLoop.SILU_PRODUCT;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.PlaneProducts;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.assembled.activation.ActivationStores;
import io.foregate.quant.assembled.floats.FloatLoops;
import io.foregate.quant.assembled.floats.TileProducts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * {@link VectorKernels} in machine code; products with types that {@link RowProducts} does not have
 * are others'.
 *
 * <p>How a row is multiplied with a token depends on nothing else, so a token's results have the
 * same bits in every batch.
 */
final class AssembledKernels implements VectorKernels {
  /** Bytes of weights of a call: it holds up safepoints, so it must be short. */
  private static final int CALL_BYTES = 128 << 10;

  /** Bytes of unpacked rows that stay in a second-level cache beside the activations they meet. */
  private static final int PANEL_BYTES = 128 << 10;

  /** From so many tokens on, unpacking rows once is quicker than as often as they are met. */
  private static final int MANY_TOKENS = 16;

  private static final int PAGE = 4096;

  /** From so many rows on, a tile is decoded once for all of them. */
  private static final int MANY_ROWS = 8;

  private final RowProducts products;
  private final TileProducts tiles;
  private final FloatLoops loops;
  private final Supplier<VectorKernels> others;

  /**
   * @param others asked for when a type without machine code comes: until then, no class of the
   *     Vector API need be there
   */
  AssembledKernels(RowProducts products, TileProducts tiles, Supplier<VectorKernels> others) {
    this.products = products;
    this.tiles = tiles;
    this.loops = products.loops();
    this.others = others;
  }

  /** What computes types that have no machine code. */
  VectorKernels others() {
    return others.get();
  }

  /** What stores activations as products here read them. */
  ActivationStores stores() {
    return products.stores();
  }

  @Override
  public String name() {
    return "assembled, " + products.set();
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
    multiply(type, w, wOffset, cols, rowBegin, rowEnd, x, xRow, xRow + 1, y, 0, yOffset, scratch);
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
    multiply(type, w, wOffset, cols, rowBegin, rowEnd, x, b0, b1, y, yStride, first, scratch);
  }

  @Override
  public void readPlanes(
      GgmlType type, MemorySegment planes, long blocks, long first, int count, MemorySegment out) {
    if (planes.isNative() && out.isNative()) {
      products.planes().read(type, planes, blocks, first, count, out);
    } else {
      others().readPlanes(type, planes, blocks, first, count, out);
    }
  }

  /** Whether weights in planes are multiplied as they are with so many tokens. */
  boolean multipliesPlanes(GgmlType type, int tokens) {
    return tokens < MANY_TOKENS && PlaneProducts.has(type);
  }

  /** As {@link PlaneTiles#multiply}. */
  void multiplyPlanes(
      GgmlType type,
      MemorySegment planes,
      int allRows,
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
    PlaneProducts plane = products.planeProducts();
    long stride = x.blockStride;
    MemorySegment ordered = scratch.blocks(stride * MANY_TOKENS);
    for (int b = b0; b < b1; b++) {
      plane.order(type, cols, x.blocks, b * stride, ordered, (b - b0) * stride);
    }
    int atOnce = rowsAtOnce(type, cols, b1 - b0);
    for (int r = rowBegin; r < rowEnd; r += atOnce) {
      int rows = Math.min(atOnce, rowEnd - r);
      int tokens;
      for (int b = b0; b < b1; b += tokens) {
        tokens = products.tokensAtOnce(b1 - b);
        plane.multiply(
            type,
            planes,
            allRows,
            cols,
            r,
            rows,
            ordered,
            (b - b0) * stride,
            stride,
            tokens,
            scratch.results,
            rows);
        copy(scratch.results, rows, tokens, y, b * yStride + yOffset + r, yStride);
      }
    }
  }

  /** As {@link #matMul}; {@code yOffset} is that of token {@code b0}. */
  private void multiply(
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
      long begin = wOffset + rowBegin * type.byteSize(cols);
      long bytes = (rowEnd - rowBegin) * type.byteSize(cols);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment copy = arena.allocate(bytes).copyFrom(w.asSlice(begin, bytes));
        int rows = rowEnd - rowBegin;
        int out = yOffset + rowBegin;
        multiply(type, copy, 0, cols, 0, rows, x, b0, b1, y, yStride, out, scratch);
      }
      return;
    }
    int inPanel = rowsOfPanel(type, cols, b1 - b0);
    int atOnce = inPanel > 0 ? inPanel : rowsAtOnce(type, cols, b1 - b0);
    for (int r = rowBegin; r < rowEnd; r += atOnce) {
      int rows = Math.min(atOnce, rowEnd - r);
      long at = wOffset + r * type.byteSize(cols);
      touch(w, at, rows * type.byteSize(cols));
      boolean unpacked = inPanel > 0 && rows >= RowProducts.MIN_PANEL_ROWS;
      if (unpacked) {
        products.unpack(type, w, at, cols, rows, scratch.panel());
      }
      int tokens;
      for (int b = b0; b < b1; b += tokens) {
        tokens = products.tokensAtOnce(b1 - b);
        long from = b * x.blockStride;
        if (unpacked) {
          MemorySegment panel = scratch.panel();
          products.multiplyPanel(
              type,
              panel,
              cols,
              rows,
              x.blocks,
              from,
              x.blockStride,
              tokens,
              scratch.results,
              rows);
        } else {
          products.multiply(
              type,
              w,
              at,
              cols,
              rows,
              x.blocks,
              from,
              x.blockStride,
              tokens,
              scratch.results,
              rows);
        }
        copy(scratch.results, rows, tokens, y, (b - b0) * yStride + yOffset + r, yStride);
      }
    }
  }

  /** Hands out results {@code [tokens][rows]}. */
  private static void copy(
      MemorySegment results, int rows, int tokens, float[] y, int yOffset, int yStride) {
    for (int t = 0; t < tokens; t++) {
      long from = 4L * t * rows;
      MemorySegment.copy(results, JAVA_FLOAT, from, y, yOffset + t * yStride, rows);
    }
  }

  /** How many rows to unpack for all tokens, which keeps them in a cache; 0 for none. */
  private int rowsOfPanel(GgmlType type, int cols, int tokens) {
    if (tokens < MANY_TOKENS || !RowProducts.hasPanels(type)) {
      return 0;
    }
    long group = products.panelBytes(type, cols, RowProducts.GROUP);
    if (group > Scratch.PANEL_BYTES) {
      return 0;
    }
    long groups = PANEL_BYTES / group;
    return Math.clamp(groups, 1, Scratch.RESULT_ROWS / RowProducts.GROUP) * RowProducts.GROUP;
  }

  /** Few enough for a short call, and for weights that several tokens meet to stay in a cache. */
  private static int rowsAtOnce(GgmlType type, int cols, int tokens) {
    int bytes = tokens == 1 ? CALL_BYTES : CALL_BYTES / RowProducts.MAX_TOKENS;
    long groups = bytes / type.byteSize(cols) / RowProducts.GROUP;
    return Math.clamp(groups * RowProducts.GROUP, RowProducts.GROUP, Scratch.RESULT_ROWS);
  }

  /**
   * Reads a byte of every page. Where a mapped model was cut, this ends with an error that Java can
   * catch, and machine code would end the process.
   */
  private static void touch(MemorySegment w, long begin, long bytes) {
    long last = begin + bytes - 1;
    for (long at = begin; at < last; at += PAGE) {
      byte _ = w.get(JAVA_BYTE, at);
    }
    byte _ = w.get(JAVA_BYTE, last);
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

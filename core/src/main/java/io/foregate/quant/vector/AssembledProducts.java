package io.foregate.quant.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.PlaneProducts;
import io.foregate.quant.assembled.RowProducts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Matrices multiplied with tokens in machine code: divides them into calls that are short, and into
 * panels where many tokens meet the same rows.
 *
 * <p>How a row is multiplied with a token depends on nothing else, so a token's results have the
 * same bits in every batch.
 */
final class AssembledProducts {
  /** Bytes of weights of a call: it holds up safepoints, so it must be short. */
  private static final int CALL_BYTES = 128 << 10;

  /** Bytes of unpacked rows that stay in a second-level cache beside the activations they meet. */
  private static final int PANEL_BYTES = 128 << 10;

  /** From so many tokens on, unpacking rows once is quicker than as often as they are met. */
  private static final int MANY_TOKENS = 16;

  private static final int PAGE = 4096;

  private final RowProducts products;

  AssembledProducts(RowProducts products) {
    this.products = products;
  }

  /** Whether weights in planes are multiplied as they are with so many tokens. */
  boolean multipliesPlanes(GgmlType type, int tokens) {
    return tokens < MANY_TOKENS && PlaneProducts.has(type);
  }

  /** As {@link PlaneTiles#prepare}, for what {@link #multiplyPlanes} takes. */
  void prepare(GgmlType type, ActivationRows x, int b0, int b1) {
    if (multipliesPlanes(type, b1 - b0)) {
      x.order(products.planeProducts(), type, b0, b1);
    }
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
    MemorySegment ordered = x.ordered(type, b0, b1);
    long stride = x.blockStride;
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
            b * stride,
            stride,
            tokens,
            scratch.results,
            rows);
        copy(scratch.results, rows, tokens, y, b * yStride + yOffset + r, yStride);
      }
    }
  }

  /** As {@link VectorKernels#matMul}; {@code yOffset} is that of token {@code b0}. */
  void multiply(
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
}

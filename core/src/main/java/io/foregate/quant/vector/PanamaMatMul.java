package io.foregate.quant.vector;

import static io.foregate.quant.vector.Lanes.N;
import static io.foregate.quant.vector.Lanes.broadcast;
import static io.foregate.quant.vector.Lanes.load;

import io.foregate.gguf.GgmlType;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix times a batch of activations, in blocks: a tile of weight rows is decoded once, a stretch
 * of columns at a time, and multiplied with every activation while it is in the cache.
 *
 * <p>A vector's lanes are N activations of the batch ({@link ActivationRows#panels} keeps them side
 * by side), so one weight is broadcast to all of them and no sum runs across lanes. The innermost
 * kernel holds 8 rows times 2 panels in 16 vector registers: 16 FMAs for 10 loads.
 */
final class PanamaMatMul {
  /** Rows of the innermost kernel. */
  private static final int KERNEL_ROWS = 8;

  /**
   * So few activations are faster one by one, because a panel costs the same however few of its
   * lanes count.
   */
  static final int FEW = 5;

  private PanamaMatMul() {}

  /**
   * As {@link VectorKernels#matMul}, for panels; {@code first} is the address of row 0 of {@code
   * rows}.
   */
  static void multiply(
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
      int tileRows = Math.min(Scratch.TILE_ROWS, rows - r);
      long tile = first + r * rowBytes;
      for (int b = b0; b < b1; ) {
        int end = Math.min(b1, (b / N + Scratch.MAX_PANELS) * N);
        int panel = b / N;
        int panels = Math.ceilDiv(end, N) - panel;
        Arrays.fill(scratch.sums, 0, panels * Scratch.TILE_ROWS * N, 0);
        for (int c = 0; c < cols; c += Scratch.TILE_COLS) {
          int n = Math.min(Scratch.TILE_COLS, cols - c);
          long column = tile + type.byteSize(c);
          for (int i = 0; i < tileRows; i++) {
            TileDecoder.decode(
                type, column + i * rowBytes, scratch.tile, i * Scratch.TILE_COLS, n, scratch);
          }
          tileTimesPanels(scratch, tileRows, n, x, c, panel, panels);
        }
        store(scratch.sums, panel, tileRows, b, end, y, yStride, yOffset + r);
        b = end;
      }
    }
  }

  private static void tileTimesPanels(
      Scratch s, int rows, int n, ActivationRows x, int column, int panel, int panels) {
    for (int p = 0; p < panels; p += 2) {
      int x0 = x.panelStart(panel + p) + column * N;
      boolean pair = p + 1 < panels;
      int x1 = pair ? x.panelStart(panel + p + 1) + column * N : x0;
      for (int r = 0; r < rows; r += KERNEL_ROWS) {
        int sums = (p * Scratch.TILE_ROWS + r) * N;
        if (pair) {
          pair(s.tile, r * Scratch.TILE_COLS, n, x.panels, x0, x1, s.sums, sums);
        } else {
          single(s.tile, r * Scratch.TILE_COLS, n, x.panels, x0, s.sums, sums);
        }
      }
    }
  }

  /**
   * {@code sums[r][lane] += tile[r] . x[lane]} for 8 rows and two panels; unrolled by hand, so that
   * sums live in registers.
   */
  private static void pair(
      float[] t, int to, int n, float[] x, int x0, int x1, float[] sums, int so) {
    final int k = Scratch.TILE_COLS;
    final int other = Scratch.TILE_ROWS * N;
    FloatVector a0 = load(sums, so);
    FloatVector a1 = load(sums, so + N);
    FloatVector a2 = load(sums, so + 2 * N);
    FloatVector a3 = load(sums, so + 3 * N);
    FloatVector a4 = load(sums, so + 4 * N);
    FloatVector a5 = load(sums, so + 5 * N);
    FloatVector a6 = load(sums, so + 6 * N);
    FloatVector a7 = load(sums, so + 7 * N);
    FloatVector b0 = load(sums, so + other);
    FloatVector b1 = load(sums, so + other + N);
    FloatVector b2 = load(sums, so + other + 2 * N);
    FloatVector b3 = load(sums, so + other + 3 * N);
    FloatVector b4 = load(sums, so + other + 4 * N);
    FloatVector b5 = load(sums, so + other + 5 * N);
    FloatVector b6 = load(sums, so + other + 6 * N);
    FloatVector b7 = load(sums, so + other + 7 * N);
    for (int i = 0; i < n; i++) {
      FloatVector u = load(x, x0 + i * N);
      FloatVector v = load(x, x1 + i * N);
      int o = to + i;
      FloatVector w = broadcast(t[o]);
      a0 = w.fma(u, a0);
      b0 = w.fma(v, b0);
      w = broadcast(t[o + k]);
      a1 = w.fma(u, a1);
      b1 = w.fma(v, b1);
      w = broadcast(t[o + 2 * k]);
      a2 = w.fma(u, a2);
      b2 = w.fma(v, b2);
      w = broadcast(t[o + 3 * k]);
      a3 = w.fma(u, a3);
      b3 = w.fma(v, b3);
      w = broadcast(t[o + 4 * k]);
      a4 = w.fma(u, a4);
      b4 = w.fma(v, b4);
      w = broadcast(t[o + 5 * k]);
      a5 = w.fma(u, a5);
      b5 = w.fma(v, b5);
      w = broadcast(t[o + 6 * k]);
      a6 = w.fma(u, a6);
      b6 = w.fma(v, b6);
      w = broadcast(t[o + 7 * k]);
      a7 = w.fma(u, a7);
      b7 = w.fma(v, b7);
    }
    a0.intoArray(sums, so);
    a1.intoArray(sums, so + N);
    a2.intoArray(sums, so + 2 * N);
    a3.intoArray(sums, so + 3 * N);
    a4.intoArray(sums, so + 4 * N);
    a5.intoArray(sums, so + 5 * N);
    a6.intoArray(sums, so + 6 * N);
    a7.intoArray(sums, so + 7 * N);
    b0.intoArray(sums, so + other);
    b1.intoArray(sums, so + other + N);
    b2.intoArray(sums, so + other + 2 * N);
    b3.intoArray(sums, so + other + 3 * N);
    b4.intoArray(sums, so + other + 4 * N);
    b5.intoArray(sums, so + other + 5 * N);
    b6.intoArray(sums, so + other + 6 * N);
    b7.intoArray(sums, so + other + 7 * N);
  }

  /** As {@link #pair} for the one panel that an odd number of them leaves. */
  private static void single(float[] t, int to, int n, float[] x, int x0, float[] sums, int so) {
    final int k = Scratch.TILE_COLS;
    FloatVector a0 = load(sums, so);
    FloatVector a1 = load(sums, so + N);
    FloatVector a2 = load(sums, so + 2 * N);
    FloatVector a3 = load(sums, so + 3 * N);
    FloatVector a4 = load(sums, so + 4 * N);
    FloatVector a5 = load(sums, so + 5 * N);
    FloatVector a6 = load(sums, so + 6 * N);
    FloatVector a7 = load(sums, so + 7 * N);
    for (int i = 0; i < n; i++) {
      FloatVector u = load(x, x0 + i * N);
      int o = to + i;
      a0 = broadcast(t[o]).fma(u, a0);
      a1 = broadcast(t[o + k]).fma(u, a1);
      a2 = broadcast(t[o + 2 * k]).fma(u, a2);
      a3 = broadcast(t[o + 3 * k]).fma(u, a3);
      a4 = broadcast(t[o + 4 * k]).fma(u, a4);
      a5 = broadcast(t[o + 5 * k]).fma(u, a5);
      a6 = broadcast(t[o + 6 * k]).fma(u, a6);
      a7 = broadcast(t[o + 7 * k]).fma(u, a7);
    }
    a0.intoArray(sums, so);
    a1.intoArray(sums, so + N);
    a2.intoArray(sums, so + 2 * N);
    a3.intoArray(sums, so + 3 * N);
    a4.intoArray(sums, so + 4 * N);
    a5.intoArray(sums, so + 5 * N);
    a6.intoArray(sums, so + 6 * N);
    a7.intoArray(sums, so + 7 * N);
  }

  /** Turns the sums, {@code [panel][row][lane]}, into rows of y. */
  private static void store(
      float[] sums, int panel, int rows, int b0, int b1, float[] y, int yStride, int yOffset) {
    for (int b = b0; b < b1; b++) {
      int from = (b / N - panel) * Scratch.TILE_ROWS * N + b % N;
      int to = b * yStride + yOffset;
      for (int r = 0; r < rows; r++) {
        y[to + r] = sums[from + r * N];
      }
    }
  }
}

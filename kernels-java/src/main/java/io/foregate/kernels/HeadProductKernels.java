package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of each head's part of a token with a small matrix of that head (multi-head latent
 * attention, arXiv 2405.04434, section 2.1.2). One thread per element of the results of the largest
 * batch: rows are short, and there are many.
 *
 * <p>{@code args} tells the layer, and how many tokens there are. The matrices of a layer's heads
 * lie one after the other, each in planes of its own.
 */
public final class HeadProductKernels {
  private HeadProductKernels() {}

  /**
   * {@code y_th = W_h x_th}.
   *
   * @param weights words of matrices in {@link Planes}
   * @param floats F32 matrices, row after row
   * @param x that of head {@code h} of token {@code t} begins at element {@code t * tokenStride + h
   *     * headStride}
   * @param y {@code [tokens][heads][resultStride]}, of which the first {@code rows} are written
   * @param part of the {@link Directory}: where the first head's matrix is
   * @param type of the matrices: {@link Planes#F32} or one that planes support
   * @param size from one head's matrix to the next, in words or floats
   * @param rows of a matrix
   * @param columns a multiple of 32, of 256 for K-quants; of F32 matrices any number
   */
  public static void product(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray weights,
      FloatArray floats,
      FloatArray x,
      FloatArray y,
      int part,
      int type,
      int size,
      int heads,
      int rows,
      int columns,
      int tokenStride,
      int headStride,
      int resultStride) {
    int place = context.globalIdx / rows;
    int row = context.globalIdx - place * rows;
    int token = place / heads;
    int head = place - token * heads;
    if (token < args.get(LaunchArgs.TOKENS)) {
      int base = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + part) + head * size;
      int from = token * tokenStride + head * headStride;
      float sum = 0;
      if (type == Planes.F32) {
        for (int i = 0; i < columns; i++) {
          sum += floats.get(base + row * columns + i) * x.get(from + i);
        }
      } else {
        int units = columns / Planes.UNIT;
        for (int u = 0; u < units; u++) {
          int at = from + u * Planes.UNIT;
          sum += UnitDot.dot(type, weights, base, rows * units, row * units + u, x, at);
        }
      }
      y.set(place * resultStride + row, sum);
    }
  }

  /**
   * {@code y_th = W_h^T x_th}, with parameters as those of {@link #product}: {@code x} has {@code
   * rows} elements, and {@code columns} of {@code y} are written.
   */
  public static void transposed(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray weights,
      FloatArray floats,
      FloatArray x,
      FloatArray y,
      int part,
      int type,
      int size,
      int heads,
      int rows,
      int columns,
      int tokenStride,
      int headStride,
      int resultStride) {
    int place = context.globalIdx / columns;
    int column = context.globalIdx - place * columns;
    int token = place / heads;
    int head = place - token * heads;
    if (token < args.get(LaunchArgs.TOKENS)) {
      int base = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + part) + head * size;
      int from = token * tokenStride + head * headStride;
      float sum = 0;
      if (type == Planes.F32) {
        for (int row = 0; row < rows; row++) {
          sum += floats.get(base + row * columns + column) * x.get(from + row);
        }
      } else {
        int unitsPerRow = columns / Planes.UNIT;
        int units = rows * unitsPerRow;
        int inside = column % Planes.UNIT;
        int half = inside / Codes.GROUP;
        for (int row = 0; row < rows; row++) {
          int u = row * unitsPerRow + column / Planes.UNIT;
          int low = base + u * Planes.lowWords(type);
          int high = base + Planes.highOffset(type, units) + u * Planes.highWords(type);
          float scale = Codes.scale(type, weights, base, units, u, half);
          float min = Codes.min(type, weights, base, units, u, half);
          float code = Codes.code(type, weights, low, high, inside);
          sum += (scale * code - min) * x.get(from + row);
        }
      }
      y.set(place * resultStride + column, sum);
    }
  }
}

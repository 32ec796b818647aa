package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of a resident matrix with a vector, one work group per row. {@code args} tells the layer
 * whose matrix it is; where that lies tells the {@link Directory}. Columns are a multiple of 32, of
 * 256 for K-quants; of F32 matrices any number.
 */
public final class MatVec {
  private MatVec() {}

  /**
   * {@code y = W x}, or {@code y += W x}.
   *
   * @param weights words of matrices in {@link Planes}
   * @param floats F32 matrices, row after row
   * @param x {@code [columns]}
   * @param y holds the result, {@code [rows]}, from element {@code at} on
   * @param part of the {@link Directory}
   * @param type of the matrix: {@link Planes#F32} or one that planes support
   * @param add 1 to add to what {@code y} holds, else 0
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
      int rows,
      int columns,
      int at,
      int add) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int base = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + part);
    sums[lane] = rowPart(context, weights, floats, x, type, base, rows, columns, row);
    for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
      context.localBarrier();
      if (lane < stride) {
        sums[lane] = sums[lane] + sums[lane + stride];
      }
    }
    context.localBarrier();
    if (lane == 0) {
      if (add == 1) {
        y.set(at + row, y.get(at + row) + sums[0]);
      } else {
        y.set(at + row, sums[0]);
      }
    }
  }

  /**
   * Queries, keys and values in one launch: {@code queryRows + keyRows + valueRows} groups.
   *
   * @param x {@code [columns]}
   * @param y query, key and value one after the other, {@code [queryRows + keyRows + valueRows]}
   */
  public static void attentionInput(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray weights,
      FloatArray floats,
      FloatArray x,
      FloatArray y,
      int queryType,
      int keyType,
      int valueType,
      int queryRows,
      int keyRows,
      int valueRows,
      int columns) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int entry = args.get(LaunchArgs.LAYER) * Directory.PARTS;
    if (row < queryRows) {
      int base = directory.get(entry + Directory.QUERY);
      sums[lane] = rowPart(context, weights, floats, x, queryType, base, queryRows, columns, row);
    } else if (row < queryRows + keyRows) {
      int base = directory.get(entry + Directory.KEY);
      int keyRow = row - queryRows;
      sums[lane] = rowPart(context, weights, floats, x, keyType, base, keyRows, columns, keyRow);
    } else {
      int base = directory.get(entry + Directory.VALUE);
      int valueRow = row - queryRows - keyRows;
      sums[lane] =
          rowPart(context, weights, floats, x, valueType, base, valueRows, columns, valueRow);
    }
    for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
      context.localBarrier();
      if (lane < stride) {
        sums[lane] = sums[lane] + sums[lane + stride];
      }
    }
    context.localBarrier();
    if (lane == 0) {
      y.set(row, sums[0]);
    }
  }

  /** What this thread adds to the dot product of a row with {@code x}. */
  static float rowPart(
      KernelContext context,
      IntArray weights,
      FloatArray floats,
      FloatArray x,
      int type,
      int base,
      int rows,
      int columns,
      int row) {
    float sum = 0;
    if (type == Planes.F32) {
      for (int i = context.localIdx; i < columns; i += context.localGroupSizeX) {
        sum += floats.get(base + row * columns + i) * x.get(i);
      }
    } else {
      int units = columns / Planes.UNIT;
      for (int u = context.localIdx; u < units; u += context.localGroupSizeX) {
        sum += UnitDot.dot(type, weights, base, rows * units, row * units + u, x, u * Planes.UNIT);
      }
    }
    return sum;
  }
}

package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * {@link Warps} that multiply activations of 8 bits by {@code dp4a}. Only types that {@link Int8}
 * supports, and only devices whose TornadoVM backend has {@code dp4a}: OpenCL's refuses to compile
 * these.
 */
public final class Int8Warps {
  private Int8Warps() {}

  /**
   * As {@link MatVec#product}.
   *
   * @param codes of what is multiplied, see {@link Int8}
   * @param scales likewise
   * @param at where in {@code y} the result begins
   * @param width threads of a warp
   */
  public static void product(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray weights,
      IntArray codes,
      FloatArray scales,
      FloatArray y,
      int part,
      int type,
      int rows,
      int columns,
      int at,
      int add,
      int width) {
    int lane = context.localIdx % width;
    int row = (context.groupIdx * context.localGroupSizeX + context.localIdx) / width;
    if (row < rows) {
      int base = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + part);
      float sum = rowPart(weights, codes, scales, type, base, rows, columns, row, lane, width);
      sum = context.simdSum(sum);
      if (lane == 0) {
        if (add == 1) {
          sum += y.get(at + row);
        }
        y.set(at + row, sum);
      }
    }
  }

  /** As {@link Experts#gateUp}; the further parameters as {@link #product} has them. */
  public static void gateUp(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      IntArray codes,
      FloatArray scales,
      FloatArray hidden,
      int gateType,
      int upType,
      int upOffset,
      int hiddenSize,
      int columns,
      int used,
      int unit,
      int width) {
    int lane = context.localIdx % width;
    int place = (context.groupIdx * context.localGroupSizeX + context.localIdx) / width;
    int i = place / hiddenSize;
    int row = place - i * hiddenSize;
    if (i < args.get(LaunchArgs.NETWORKS)) {
      int gateBase = args.get(LaunchArgs.RECORDS + i);
      int upBase = gateBase + upOffset;
      float gate =
          rowPart(pool, codes, scales, gateType, gateBase, hiddenSize, columns, row, lane, width);
      float up =
          rowPart(pool, codes, scales, upType, upBase, hiddenSize, columns, row, lane, width);
      gate = context.simdSum(gate);
      up = context.simdSum(up);
      if (lane == 0) {
        if (unit >= UnitFunctions.BIASED) {
          int layer = args.get(LaunchArgs.LAYER);
          int at = args.get(LaunchArgs.RECORDS + 2 * used + i) * hiddenSize + row;
          gate += UnitFunctions.bias(directory, floats, layer, Directory.GATE_PROJECTION_BIAS, at);
          up += UnitFunctions.bias(directory, floats, layer, Directory.UP_PROJECTION_BIAS, at);
        }
        hidden.set(place, UnitFunctions.apply(unit, gate, up));
      }
    }
  }

  /**
   * As {@link Experts#down}; the further parameters as {@link #product} has them, of {@code
   * hidden}.
   */
  public static void down(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      IntArray codes,
      FloatArray scales,
      FloatArray weights,
      FloatArray out,
      FloatArray x,
      int downType,
      int downOffset,
      int rows,
      int columns,
      int used,
      int unit,
      int width) {
    int lane = context.localIdx % width;
    int row = (context.groupIdx * context.localGroupSizeX + context.localIdx) / width;
    int units = columns / Planes.UNIT;
    int count = row < rows ? args.get(LaunchArgs.NETWORKS) : 0;
    for (int i = 0; i < count; i++) {
      int base = args.get(LaunchArgs.RECORDS + i) + downOffset;
      float sum = 0;
      for (int u = lane; u < units; u += width) {
        sum +=
            Int8.dot(
                downType,
                pool,
                base,
                rows * units,
                row * units + u,
                codes,
                scales,
                used * units,
                i * units + u);
      }
      sum = context.simdSum(sum);
      if (lane == 0) {
        if (unit >= UnitFunctions.BIASED) {
          int at = args.get(LaunchArgs.RECORDS + 2 * used + i) * rows + row;
          sum +=
              UnitFunctions.bias(
                  directory,
                  floats,
                  args.get(LaunchArgs.LAYER),
                  Directory.DOWN_PROJECTION_BIAS,
                  at);
        }
        out.set(args.get(LaunchArgs.RECORDS + used + i) * rows + row, sum);
      }
    }
    int due = row < rows ? args.get(LaunchArgs.SUM_DUE) : 0;
    if (lane < due) { // the first thread, if the sum is due
      float sum = x.get(row);
      for (int rank = 0; rank < used; rank++) {
        sum += weights.get(rank) * out.get(rank * rows + row);
      }
      x.set(row, sum);
    }
  }

  /** What a thread adds to the dot product of a row with the activations. */
  private static float rowPart(
      IntArray weights,
      IntArray codes,
      FloatArray scales,
      int type,
      int base,
      int rows,
      int columns,
      int row,
      int lane,
      int width) {
    float sum = 0;
    int units = columns / Planes.UNIT;
    for (int u = lane; u < units; u += width) {
      sum += Int8.dot(type, weights, base, rows * units, row * units + u, codes, scales, units, u);
    }
    return sum;
  }
}

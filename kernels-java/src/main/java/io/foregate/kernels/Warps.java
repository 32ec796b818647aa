package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Faster variants of {@link MatVec} and {@link Experts} for devices whose threads run in warps of
 * 32 that add up registers by shuffles: no local memory, no barrier; a warp has a row, a group
 * several.
 *
 * <p><b>Not portable.</b> Where TornadoVM knows no shuffles (OpenCL), {@code simdSum} compiles to
 * nothing, without an error, and sums are wrong: to be used only where a self-test has passed. As
 * plain Java a warp is one thread ({@code width} 1).
 */
public final class Warps {
  /** Threads of a warp. */
  public static final int WIDTH = 32;

  private Warps() {}

  /**
   * As {@link MatVec#product}.
   *
   * @param width threads of a warp
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
      int add,
      int width) {
    int lane = context.localIdx % width;
    int row = (context.groupIdx * context.localGroupSizeX + context.localIdx) / width;
    if (row < rows) {
      int base = directory.get(args.get(LaunchArgs.LAYER) * Directory.PARTS + part);
      float sum = rowPart(weights, floats, x, type, base, rows, columns, row, lane, width);
      sum = context.simdSum(sum);
      if (lane == 0) {
        if (add == 1) {
          sum += y.get(at + row);
        }
        y.set(at + row, sum);
      }
    }
  }

  /** As {@link MatVec#attentionInput}. */
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
      int columns,
      int width) {
    int lane = context.localIdx % width;
    int row = (context.groupIdx * context.localGroupSizeX + context.localIdx) / width;
    int entry = args.get(LaunchArgs.LAYER) * Directory.PARTS;
    float sum = 0;
    if (row < queryRows) {
      int base = directory.get(entry + Directory.QUERY);
      sum = rowPart(weights, floats, x, queryType, base, queryRows, columns, row, lane, width);
    } else if (row < queryRows + keyRows) {
      int base = directory.get(entry + Directory.KEY);
      int keyRow = row - queryRows;
      sum = rowPart(weights, floats, x, keyType, base, keyRows, columns, keyRow, lane, width);
    } else if (row < queryRows + keyRows + valueRows) {
      int base = directory.get(entry + Directory.VALUE);
      int valueRow = row - queryRows - keyRows;
      sum = rowPart(weights, floats, x, valueType, base, valueRows, columns, valueRow, lane, width);
    }
    sum = context.simdSum(sum);
    int live = row < queryRows + keyRows + valueRows ? 1 : 0;
    if (lane < live) {
      y.set(row, sum);
    }
  }

  /** As {@link Experts#gateUp}. */
  public static void gateUp(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      FloatArray x,
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
      float gate = rowPart(pool, x, x, gateType, gateBase, hiddenSize, columns, row, lane, width);
      float up = rowPart(pool, x, x, upType, upBase, hiddenSize, columns, row, lane, width);
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

  /** As {@link Experts#down}, of {@code hidden}. */
  public static void down(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      FloatArray hidden,
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
        int at = i * columns + u * Planes.UNIT;
        sum += UnitDot.dot(downType, pool, base, rows * units, row * units + u, hidden, at);
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

  /** What a thread adds to the dot product of a row with {@code x}. */
  private static float rowPart(
      IntArray weights,
      FloatArray floats,
      FloatArray x,
      int type,
      int base,
      int rows,
      int columns,
      int row,
      int lane,
      int width) {
    float sum = 0;
    if (type == Planes.F32) {
      for (int i = lane; i < columns; i += width) {
        sum += floats.get(base + row * columns + i) * x.get(i);
      }
    } else {
      int units = columns / Planes.UNIT;
      for (int u = lane; u < units; u += width) {
        int at = u * Planes.UNIT;
        sum += UnitDot.dot(type, weights, base, rows * units, row * units + u, x, at);
      }
    }
    return sum;
  }
}

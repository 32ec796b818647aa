package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * {@link Experts} of a token with the bits that they have on the CPU: with {@link
 * ExactActivations}, their products added up in the CPU's order. On every device, with any power of
 * two of threads to a group.
 *
 * <p>All threads of a group make the {@link ExactParts items} of a row, as many at a time as there
 * are threads; each chain has a thread that adds them up.
 *
 * <p>What gate and up, or down, read begins in {@code codes} and {@code factors} at a unit that the
 * parameters tell.
 */
public final class ExactExperts {
  private ExactExperts() {}

  /**
   * As {@link Experts#gateUp}.
   *
   * @param gateInput unit of the activations, rounded for the gate's type
   * @param upInput likewise for that of up
   * @param chains 8 or 16: lanes of the CPU's registers
   */
  public static void gateUp(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      IntArray codes,
      FloatArray factors,
      FloatArray hidden,
      int gateType,
      int upType,
      int gateInput,
      int upInput,
      int upOffset,
      int hiddenSize,
      int columns,
      int used,
      int unit,
      int chains) {
    int group = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    int i = group / hiddenSize;
    int row = group - i * hiddenSize;
    float[] lefts = context.allocateFloatLocalArray(Groups.MAX_LANES);
    float[] rights = context.allocateFloatLocalArray(Groups.MAX_LANES);
    float[] sums = context.allocateFloatLocalArray(ExactParts.MAX_CHAINS);
    if (i < args.get(LaunchArgs.NETWORKS)) {
      int record = args.get(LaunchArgs.RECORDS + i);
      int units = columns / Planes.UNIT;
      int total = hiddenSize * units;
      float gate = 0;
      float up = 0;
      for (int matrix = 0; matrix < 2; matrix++) {
        int items = ExactParts.items(upType, columns);
        int sumsUsed = ExactParts.chains(upType, chains);
        if (matrix == 0) {
          items = ExactParts.items(gateType, columns);
          sumsUsed = ExactParts.chains(gateType, chains);
        }
        for (int c = 0; c < sumsUsed; c += lanes) {
          if (c + lane < sumsUsed) {
            sums[c + lane] = 0;
          }
        }
        for (int first = 0; first < items; first += lanes) {
          int item = first + lane;
          if (item < items) {
            if (matrix == 0) {
              int at = ExactParts.unit(gateType, item);
              int u = row * units + at;
              int v = gateInput + at;
              float scale = ExactParts.scale(gateType, pool, record, total, u, item);
              lefts[lane] =
                  ExactParts.left(gateType, pool, record, total, u, codes, factors, v, item, scale);
              rights[lane] = ExactParts.right(gateType, factors, v, item, scale);
            } else {
              int at = ExactParts.unit(upType, item);
              int u = row * units + at;
              int v = upInput + at;
              int base = record + upOffset;
              float scale = ExactParts.scale(upType, pool, base, total, u, item);
              lefts[lane] =
                  ExactParts.left(upType, pool, base, total, u, codes, factors, v, item, scale);
              rights[lane] = ExactParts.right(upType, factors, v, item, scale);
            }
          }
          context.localBarrier();
          int end = items - first < lanes ? items - first : lanes;
          for (int c = 0; c < sumsUsed; c += lanes) {
            int chain = c + lane;
            if (chain < sumsUsed) {
              float sum = sums[chain];
              for (int k = (chain - first) & (sumsUsed - 1); k < end; k += sumsUsed) {
                sum = ExactMath.fma(lefts[k], rights[k], sum);
              }
              sums[chain] = sum;
            }
          }
          context.localBarrier();
        }
        if (lane == 0) {
          for (int chain = 0; chain < sumsUsed; chain++) {
            int place = ExactParts.place(upType, chain);
            if (matrix == 0) {
              place = ExactParts.place(gateType, chain);
            }
            lefts[place] = sums[chain];
          }
          for (int half = sumsUsed / 2; half >= 4; half = half / 2) {
            for (int k = 0; k < half; k++) {
              lefts[k] = lefts[k] + lefts[k + half];
            }
          }
          float sum = lefts[0];
          if (sumsUsed > 1) {
            sum = lefts[0] + lefts[1] + (lefts[2] + lefts[3]);
          }
          if (matrix == 0) {
            gate = sum;
          } else {
            up = sum;
          }
        }
        context.localBarrier();
      }
      if (lane == 0) {
        if (unit >= UnitFunctions.BIASED) {
          int layer = args.get(LaunchArgs.LAYER);
          int at = args.get(LaunchArgs.RECORDS + 2 * used + i) * hiddenSize + row;
          gate += UnitFunctions.bias(directory, floats, layer, Directory.GATE_PROJECTION_BIAS, at);
          up += UnitFunctions.bias(directory, floats, layer, Directory.UP_PROJECTION_BIAS, at);
        }
        hidden.set(group, ExactMath.unit(unit, gate, up));
      }
    }
  }

  /**
   * As {@link Experts#down}.
   *
   * @param chains 8 or 16: lanes of the CPU's registers
   */
  public static void down(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      IntArray pool,
      IntArray codes,
      FloatArray factors,
      FloatArray weights,
      FloatArray out,
      FloatArray x,
      int downType,
      int downOffset,
      int rows,
      int columns,
      int used,
      int unit,
      int chains) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] lefts = context.allocateFloatLocalArray(Groups.MAX_LANES);
    float[] rights = context.allocateFloatLocalArray(Groups.MAX_LANES);
    float[] sums = context.allocateFloatLocalArray(ExactParts.MAX_CHAINS);
    int count = args.get(LaunchArgs.NETWORKS);
    int units = columns / Planes.UNIT;
    int total = rows * units;
    int items = ExactParts.items(downType, columns);
    int sumsUsed = ExactParts.chains(downType, chains);
    for (int i = 0; i < count; i++) {
      int base = args.get(LaunchArgs.RECORDS + i) + downOffset;
      for (int c = 0; c < sumsUsed; c += lanes) {
        if (c + lane < sumsUsed) {
          sums[c + lane] = 0;
        }
      }
      for (int first = 0; first < items; first += lanes) {
        int item = first + lane;
        if (item < items) {
          int at = ExactParts.unit(downType, item);
          int u = row * units + at;
          int v = i * units + at;
          float scale = ExactParts.scale(downType, pool, base, total, u, item);
          lefts[lane] =
              ExactParts.left(downType, pool, base, total, u, codes, factors, v, item, scale);
          rights[lane] = ExactParts.right(downType, factors, v, item, scale);
        }
        context.localBarrier();
        int end = items - first < lanes ? items - first : lanes;
        for (int c = 0; c < sumsUsed; c += lanes) {
          int chain = c + lane;
          if (chain < sumsUsed) {
            float sum = sums[chain];
            for (int k = (chain - first) & (sumsUsed - 1); k < end; k += sumsUsed) {
              sum = ExactMath.fma(lefts[k], rights[k], sum);
            }
            sums[chain] = sum;
          }
        }
        context.localBarrier();
      }
      if (lane == 0) {
        for (int chain = 0; chain < sumsUsed; chain++) {
          lefts[ExactParts.place(downType, chain)] = sums[chain];
        }
        for (int half = sumsUsed / 2; half >= 4; half = half / 2) {
          for (int k = 0; k < half; k++) {
            lefts[k] = lefts[k] + lefts[k + half];
          }
        }
        float sum = lefts[0];
        if (sumsUsed > 1) {
          sum = lefts[0] + lefts[1] + (lefts[2] + lefts[3]);
        }
        if (unit >= UnitFunctions.BIASED) {
          int at = args.get(LaunchArgs.RECORDS + 2 * used + i) * rows + row;
          int layer = args.get(LaunchArgs.LAYER);
          sum += UnitFunctions.bias(directory, floats, layer, Directory.DOWN_PROJECTION_BIAS, at);
        }
        out.set(args.get(LaunchArgs.RECORDS + used + i) * rows + row, sum);
      }
      context.localBarrier();
    }
    if (lane < args.get(LaunchArgs.SUM_DUE)) { // the first thread, if the sum is due
      float sum = x.get(row);
      for (int rank = 0; rank < used; rank++) {
        sum += weights.get(rank) * out.get(rank * rows + row);
      }
      x.set(row, sum);
    }
  }
}

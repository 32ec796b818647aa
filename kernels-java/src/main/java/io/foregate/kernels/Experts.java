package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Some of the experts that a token was routed to, in two launches for all of them: gate, up and
 * SwiGLU; then down and, when the last of them have run, their weighted sum.
 *
 * <p>{@code step} says which:
 *
 * <pre>
 * [0] layer   [1] count, the experts of this launch   [2] 1 if the weighted sum is due, else 0
 * [3 .. 3 + used)            first word of each one's record in the pool
 * [3 + used .. 3 + 2 * used) its rank among the experts of the token
 * </pre>
 *
 * A record is gate, up and down in {@link Planes}, at the word offsets that the parameters tell.
 */
public final class Experts {
  /** Where {@code step} tells the records' places. */
  public static final int PLACES = 3;

  private Experts() {}

  /**
   * {@code hidden[i] = silu(gate_i x) * up_i x}, for {@code used * hiddenSize} groups: those beyond
   * the launch's count do nothing.
   *
   * @param pool memory of all records
   * @param x {@code [columns]}
   * @param hidden {@code [used][hiddenSize]}
   * @param upOffset words from a record's first to its up matrix
   */
  public static void gateUp(
      KernelContext context,
      IntArray step,
      IntArray pool,
      FloatArray x,
      FloatArray hidden,
      int gateType,
      int upType,
      int upOffset,
      int hiddenSize,
      int columns) {
    int group = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    int i = group / hiddenSize;
    int row = group - i * hiddenSize;
    float[] gates = context.allocateFloatLocalArray(Groups.MOST);
    float[] ups = context.allocateFloatLocalArray(Groups.MOST);
    if (i < step.get(1)) {
      int record = step.get(PLACES + i);
      int units = columns / Planes.UNIT;
      int total = hiddenSize * units;
      float gate = 0;
      float up = 0;
      for (int u = lane; u < units; u += lanes) {
        int at = u * Planes.UNIT;
        gate += UnitDot.dot(gateType, pool, record, total, row * units + u, x, at);
        up += UnitDot.dot(upType, pool, record + upOffset, total, row * units + u, x, at);
      }
      gates[lane] = gate;
      ups[lane] = up;
      for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
        context.localBarrier();
        if (lane < stride) {
          gates[lane] = gates[lane] + gates[lane + stride];
          ups[lane] = ups[lane] + ups[lane + stride];
        }
      }
      context.localBarrier();
      if (lane == 0) {
        hidden.set(group, gates[0] / (1 + TornadoMath.exp(-gates[0])) * ups[0]);
      }
    }
  }

  /**
   * {@code out[rank] = down hidden} for each expert of the launch, one group per row of the result;
   * and {@code x += sum of weights[rank] * out[rank]}, in the order of ranks, when that is due. The
   * sum is the same in whatever order and parts the experts ran.
   *
   * @param hidden as {@link #gateUp} wrote it
   * @param weights of the token's experts by rank, {@code [used]}
   * @param out {@code [used][rows]}
   * @param x {@code [rows]}
   * @param downOffset words from a record's first to its down matrix
   * @param columns hidden width of an expert
   * @param used experts of a token
   */
  public static void down(
      KernelContext context,
      IntArray step,
      IntArray pool,
      FloatArray hidden,
      FloatArray weights,
      FloatArray out,
      FloatArray x,
      int downType,
      int downOffset,
      int rows,
      int columns,
      int used) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MOST);
    int count = step.get(1);
    int units = columns / Planes.UNIT;
    int total = rows * units;
    for (int i = 0; i < count; i++) {
      int base = step.get(PLACES + i) + downOffset;
      float sum = 0;
      for (int u = lane; u < units; u += lanes) {
        int at = i * columns + u * Planes.UNIT;
        sum += UnitDot.dot(downType, pool, base, total, row * units + u, hidden, at);
      }
      sums[lane] = sum;
      for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
        context.localBarrier();
        if (lane < stride) {
          sums[lane] = sums[lane] + sums[lane + stride];
        }
      }
      context.localBarrier();
      if (lane == 0) {
        out.set(step.get(PLACES + used + i) * rows + row, sums[0]);
      }
      context.localBarrier();
    }
    if (lane < step.get(2)) { // the first thread, if the sum is due
      float sum = x.get(row);
      for (int rank = 0; rank < used; rank++) {
        sum += weights.get(rank) * out.get(rank * rows + row);
      }
      x.set(row, sum);
    }
  }

  /**
   * Takes the output of an expert that ran elsewhere, one thread per element.
   *
   * @param step {@code [0]}: the expert's rank
   * @param delivered {@code [rows]}
   * @param out as {@link #down} has it
   */
  public static void deliver(
      KernelContext context, IntArray step, FloatArray delivered, FloatArray out, int rows) {
    int i = context.globalIdx;
    if (i < rows) {
      out.set(step.get(0) * rows + i, delivered.get(i));
    }
  }
}

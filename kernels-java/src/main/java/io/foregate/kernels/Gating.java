package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Lookahead gate of a layer for one token, its first matrix in one launch with the router's, so
 * that both come back in one array:
 *
 * <pre>
 * routed: logits [experts] | ids [used], as floats | weights [used] | scores [outputs] | x [width]
 * scores = linear x + bias + output gelu(hidden x + hiddenBias)
 * </pre>
 *
 * What the routing history adds to the scores depends on choices that a replayed routing may
 * overrule, and is a sum of few rows: that is left to the host, and so are probabilities.
 *
 * <p>{@code x} is {@code input[0, width)}, the residual as {@link NormKernels#rms} leaves it
 * without its weight; at the first points also {@code input[width, 2 * width)}, what the last
 * layer's was of the token before. {@code args} tells the layer, or the number of layers for the
 * gate of the token itself, which has no router.
 */
public final class Gating {
  /** Of gelu in its sigmoid form (arXiv 1606.08415). */
  private static final float STEEPNESS = 1.702f;

  private Gating() {}

  /**
   * Router logits, and the gate's first matrix. {@code routerRows + outputs + hidden} groups.
   *
   * @param weights words of matrices in {@link Planes}; the gate's are F16
   * @param floats F32 matrices and biases
   * @param normed what the router reads, {@code [width]}
   * @param input what the gate reads, {@code [2 * width]}
   * @param hiddenLayer {@code [hidden]}
   * @param routerType {@link Planes#F32} or one that planes support
   * @param routerRows experts, or 0 to leave out the router
   * @param scoresAt where in {@code routed} the scores begin
   * @param layers of the model
   * @param horizon layers that gates look ahead
   * @param outputs scores of a gate
   */
  public static void first(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray weights,
      FloatArray floats,
      FloatArray normed,
      FloatArray input,
      FloatArray routed,
      FloatArray hiddenLayer,
      int routerType,
      int width,
      int routerRows,
      int scoresAt,
      int layers,
      int horizon,
      int outputs,
      int hidden) {
    int group = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int layer = args.get(LaunchArgs.LAYER);
    int entry = layer * Directory.PARTS;
    int row = group - routerRows;
    if (group < routerRows) {
      int base = directory.get(entry + Directory.ROUTER);
      sums[lane] =
          MatVec.rowPart(
              context, weights, floats, normed, routerType, base, routerRows, width, group);
    } else {
      int columns = width * inputs(layer, layers, horizon);
      int base = directory.get(entry + Directory.GATE_FIRST);
      int rows = outputs + hidden;
      sums[lane] =
          MatVec.rowPart(context, weights, floats, input, Planes.F16, base, rows, columns, row);
    }
    for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
      context.localBarrier();
      if (lane < stride) {
        sums[lane] = sums[lane] + sums[lane + stride];
      }
    }
    context.localBarrier();
    if (lane == 0) {
      if (group < routerRows) {
        routed.set(group, sums[0]);
      } else {
        float sum = sums[0] + floats.get(directory.get(entry + Directory.GATE_BIAS) + row);
        if (row < outputs) {
          routed.set(scoresAt + row, sum);
        } else {
          hiddenLayer.set(row - outputs, sum / (1 + TornadoMath.exp(-STEEPNESS * sum)));
        }
      }
    }
  }

  /**
   * The hidden layer's part of the scores, {@code outputs} groups; and behind them a group that
   * tells the host what the gate read, and keeps the last layer's for the next token.
   *
   * @param hiddenLayer as {@link #first} wrote it
   * @param input as {@link #first} has it
   * @param scoresAt as {@link #first} has it
   * @param hidden may be 0
   */
  public static void second(
      KernelContext context,
      IntArray args,
      IntArray directory,
      IntArray weights,
      FloatArray input,
      FloatArray routed,
      FloatArray hiddenLayer,
      int width,
      int scoresAt,
      int layers,
      int outputs,
      int hidden) {
    int row = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int layer = args.get(LaunchArgs.LAYER);
    if (row < outputs) {
      int base = directory.get(layer * Directory.PARTS + Directory.GATE_OUTPUT);
      float sum = 0;
      int units = hidden / Planes.UNIT;
      for (int u = lane; u < units; u += lanes) {
        int at = u * Planes.UNIT;
        sum +=
            UnitDot.dot(
                Planes.F16, weights, base, outputs * units, row * units + u, hiddenLayer, at);
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
        int at = scoresAt + row;
        routed.set(at, routed.get(at) + sums[0]);
      }
    } else {
      int at = scoresAt + outputs;
      for (int i = lane; i < width; i += lanes) {
        routed.set(at + i, input.get(i));
      }
      int end = layer == layers - 1 ? width : 0;
      for (int i = lane; i < end; i += lanes) {
        input.set(width + i, input.get(i));
      }
    }
  }

  /**
   * Keeps the last layer's residual of a batch's last token for the next token, one thread per
   * element.
   *
   * @param args layer and tokens
   * @param plain residuals as {@link NormKernels#rms} leaves them without its weight, {@code
   *     [tokens][width]} from {@code plainAt} on
   * @param input {@code [2 * width]}
   */
  public static void keep(
      KernelContext context,
      IntArray args,
      FloatArray plain,
      FloatArray input,
      int plainAt,
      int width,
      int layers) {
    int i = context.globalIdx;
    int end = args.get(LaunchArgs.LAYER) == layers - 1 ? width : 0;
    if (i < end) {
      input.set(width + i, plain.get(plainAt + (args.get(LaunchArgs.TOKENS) - 1) * width + i));
    }
  }

  /**
   * The next token is the first, one thread per element.
   *
   * @param args a zero
   * @param input {@code [2 * width]}
   */
  public static void forget(KernelContext context, IntArray args, FloatArray input, int width) {
    int i = context.globalIdx;
    if (i < width) {
      input.set(width + i, args.get(0));
    }
  }

  /** How many widths the gate behind a layer reads. */
  private static int inputs(int layer, int layers, int horizon) {
    int point = layer == layers ? 0 : layer + 1;
    return point < horizon ? 2 : 1;
  }
}

package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Router and lookahead gate of a layer for one token, in two launches, so that both come back in
 * one array:
 *
 * <pre>
 * routed: logits [experts] | ids [used], as floats | weights [used] | scores [outputs]
 * scores = linear x + bias + output gelu(hidden x + hiddenBias)
 * </pre>
 *
 * What the routing history adds to the scores depends on choices that a replayed routing may
 * overrule, and is a sum of few rows: that is left to the host, and so are probabilities.
 *
 * <p>{@code x} is {@code input[0, width)}, the residual as {@link Norm#rms} leaves it without its
 * weight; at the first points also {@code input[width, 2 * width)}, what the last layer's was of
 * the token before. {@code step[0]} is the layer, or the number of layers for the gate of the token
 * itself, which has no router.
 */
public final class Gating {
  /** Of gelu in its sigmoid form (arXiv 1606.08415). */
  private static final float STEEPNESS = 1.702f;

  private Gating() {}

  /**
   * Router logits, and the gate's first matrix. {@code experts + outputs + hidden} groups.
   *
   * @param weights words of matrices in {@link Planes}; the gate's are F16
   * @param floats F32 matrices and biases
   * @param normed what the router reads, {@code [width]}
   * @param input what the gate reads, {@code [2 * width]}
   * @param hiddenLayer {@code [hidden]}
   * @param routerType {@link Planes#F32} or one that planes support
   * @param layers of the model
   * @param horizon layers that gates look ahead
   * @param outputs scores of a gate
   */
  public static void first(
      KernelContext context,
      IntArray step,
      IntArray directory,
      IntArray weights,
      FloatArray floats,
      FloatArray normed,
      FloatArray input,
      FloatArray routed,
      FloatArray hiddenLayer,
      int routerType,
      int width,
      int experts,
      int used,
      int layers,
      int horizon,
      int outputs,
      int hidden) {
    int group = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MOST);
    int layer = step.get(0);
    int entry = layer * Directory.PARTS;
    int row = group - experts;
    if (group < experts) {
      int live = layer < layers ? 1 : 0;
      int base = directory.get(entry + Directory.ROUTER);
      sums[lane] =
          MatVec.rowPart(
              context, weights, floats, normed, routerType, base, experts, live * width, group);
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
      if (group < experts) {
        routed.set(group, sums[0]);
      } else {
        float sum = sums[0] + floats.get(directory.get(entry + Directory.GATE_BIAS) + row);
        if (row < outputs) {
          routed.set(experts + 2 * used + row, sum);
        } else {
          hiddenLayer.set(row - outputs, sum / (1 + TornadoMath.exp(-STEEPNESS * sum)));
        }
      }
    }
  }

  /**
   * The router's choice, see {@link Router#pick}, by group 0; the hidden layer's part of the scores
   * by the others, {@code 1 + outputs} groups; and behind them a group that keeps the last layer's
   * residual for the next token.
   *
   * @param floats where the router's biases are
   * @param hiddenLayer as {@link #first} wrote it
   * @param formula of the router, see {@link Router#formula}
   * @param scale of its weights
   * @param input as {@link #first} has it
   * @param hidden may be 0
   */
  public static void second(
      KernelContext context,
      IntArray step,
      IntArray directory,
      IntArray weights,
      FloatArray floats,
      FloatArray input,
      FloatArray routed,
      FloatArray hiddenLayer,
      int width,
      int experts,
      int used,
      int formula,
      float scale,
      int layers,
      int outputs,
      int hidden) {
    int group = context.groupIdx;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    float[] sums = context.allocateFloatLocalArray(Groups.MOST);
    int layer = step.get(0);
    int row = group - 1;
    int live = layer < layers ? experts : 0;
    if (group > 0) {
      live = 0;
    }
    int entry = layer * Directory.PARTS;
    Router.pick(context, directory, floats, routed, entry, 0, live, experts, used, formula, scale);
    if (group == 0) {
      sums[lane] = 0; // its part is done
    } else if (row < outputs) {
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
        int at = experts + 2 * used + row;
        routed.set(at, routed.get(at) + sums[0]);
      }
    } else {
      int end = layer == layers - 1 ? width : 0;
      for (int i = lane; i < end; i += lanes) {
        input.set(width + i, input.get(i));
      }
    }
  }

  /** How many widths the gate behind a layer reads. */
  private static int inputs(int layer, int layers, int horizon) {
    int point = layer == layers ? 0 : layer + 1;
    return point < horizon ? 2 : 1;
  }
}

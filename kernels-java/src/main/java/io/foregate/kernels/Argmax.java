package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The likeliest token, so that greedy decoding need not bring all logits to the host. */
public final class Argmax {
  /** Below every logit. */
  private static final float LOWEST = -3e38f;

  private Argmax() {}

  /**
   * {@code best[t] =} where {@code x_t} is largest, of equals the first. One group per row: the
   * maximum first, then the first element that is as large, so that no comparison needs two
   * conditions.
   *
   * @param x {@code [groups][size]}, finite
   * @param best {@code [groups]}
   */
  public static void of(KernelContext context, FloatArray x, IntArray best, int size) {
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    int from = context.groupIdx * size;
    float[] highest = context.allocateFloatLocalArray(Groups.MAX_LANES);
    int[] first = context.allocateIntLocalArray(Groups.MAX_LANES);
    float max = LOWEST;
    for (int i = lane; i < size; i += lanes) {
      max = TornadoMath.max(max, x.get(from + i));
    }
    highest[lane] = max;
    for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
      context.localBarrier();
      if (lane < stride) {
        highest[lane] = TornadoMath.max(highest[lane], highest[lane + stride]);
      }
    }
    context.localBarrier();
    max = highest[0];
    int at = size;
    for (int i = lane; i < size; i += lanes) {
      if (x.get(from + i) == max) {
        at = TornadoMath.min(at, i);
      }
    }
    first[lane] = at;
    for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
      context.localBarrier();
      if (lane < stride) {
        first[lane] = TornadoMath.min(first[lane], first[lane + stride]);
      }
    }
    context.localBarrier();
    if (lane == 0) {
      best.set(context.groupIdx, first[0]);
    }
  }
}

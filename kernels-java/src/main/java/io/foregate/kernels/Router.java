package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What a router decides from its logits, one work group per token. {@code routed} is what comes
 * back to the host once per layer. It has a record for each token of the largest batch,
 *
 * <pre>
 * logits [experts] | ids [used], as floats | weights [used]
 * </pre>
 *
 * and behind them what the gates need, {@code [tokens][embedding]}.
 */
public final class Router {
  private Router() {}

  /**
   * Picks the {@code used} experts of highest logit, best first, of equal ones the lower id, and
   * weighs them by a softmax over their logits (Mixtral, arXiv 2401.04088, section 2.1).
   *
   * @param step {@code [2]}: tokens of the batch
   */
  public static void pick(
      KernelContext context, IntArray step, FloatArray routed, int experts, int used) {
    int token = context.groupIdx;
    int live = token < step.get(2) ? 1 : 0; // of absent tokens, nothing must be believed
    pick(context, routed, token * (experts + 2 * used), live * experts, experts, used);
  }

  /**
   * Picks for one token, by one work group.
   *
   * @param at where its record begins
   * @param live {@code experts}, or 0 to do nothing
   */
  static void pick(
      KernelContext context, FloatArray routed, int at, int live, int experts, int used) {
    int lane = context.localIdx;
    int ids = at + experts;
    int weights = ids + used;
    for (int e = lane; e < live; e += context.localGroupSizeX) {
      float logit = routed.get(at + e);
      int rank = 0;
      for (int other = 0; other < e; other++) {
        if (routed.get(at + other) >= logit) {
          rank++;
        }
      }
      for (int other = e + 1; other < experts; other++) {
        if (routed.get(at + other) > logit) {
          rank++;
        }
      }
      if (rank < used) {
        routed.set(ids + rank, e);
      }
    }
    context.globalBarrier();
    if (live > experts * lane) { // the first thread, if there is a token
      float max = routed.get(at + (int) routed.get(ids));
      float sum = 0;
      for (int rank = 0; rank < used; rank++) {
        float weight = TornadoMath.exp(routed.get(at + (int) routed.get(ids + rank)) - max);
        routed.set(weights + rank, weight);
        sum += weight;
      }
      for (int rank = 0; rank < used; rank++) {
        routed.set(weights + rank, routed.get(weights + rank) / sum);
      }
    }
  }
}

package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * What a router decides from its logits, by one work group. {@code routed} is what comes back to
 * the host once per layer:
 *
 * <pre>
 * logits [experts] | ids [used], as floats | weights [used] | gate input [embedding]
 * </pre>
 */
public final class Router {
  private Router() {}

  /**
   * Picks the {@code used} experts of highest logit, best first, of equal ones the lower id, and
   * weighs them by a softmax over their logits (Mixtral, arXiv 2401.04088, section 2.1).
   */
  public static void pick(KernelContext context, FloatArray routed, int experts, int used) {
    int lane = context.localIdx;
    for (int e = lane; e < experts; e += context.localGroupSizeX) {
      float logit = routed.get(e);
      int rank = 0;
      for (int other = 0; other < e; other++) {
        if (routed.get(other) >= logit) {
          rank++;
        }
      }
      for (int other = e + 1; other < experts; other++) {
        if (routed.get(other) > logit) {
          rank++;
        }
      }
      if (rank < used) {
        routed.set(experts + rank, e);
      }
    }
    context.globalBarrier();
    if (lane == 0) {
      float max = routed.get((int) routed.get(experts));
      float sum = 0;
      for (int rank = 0; rank < used; rank++) {
        float weight = TornadoMath.exp(routed.get((int) routed.get(experts + rank)) - max);
        routed.set(experts + used + rank, weight);
        sum += weight;
      }
      for (int rank = 0; rank < used; rank++) {
        routed.set(experts + used + rank, routed.get(experts + used + rank) / sum);
      }
    }
  }
}

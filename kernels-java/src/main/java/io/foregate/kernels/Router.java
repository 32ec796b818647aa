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
  /** Scores are a softmax over all logits. */
  public static final int SOFTMAX = 0;

  /** Weights are a softmax over the logits of those that were picked (arXiv 2401.04088, 2.1). */
  public static final int SOFTMAX_OF_PICKED = 1;

  /** Scores are {@code 1 / (1 + exp(-logit))}. */
  public static final int SIGMOID = 2;

  /** The most experts that a layer may have. */
  public static final int MAX_EXPERTS = 512;

  /** The most groups that they may be divided into. */
  public static final int MAX_GROUPS = 64;

  /** The smallest normal number of an F16: sums below count as this, as they do in llama.cpp. */
  private static final float MIN_SUM = 0x1p-14f;

  private Router() {}

  /**
   * A model's formula in one number, for {@link #pick}.
   *
   * @param score {@link #SOFTMAX}, {@link #SOFTMAX_OF_PICKED} or {@link #SIGMOID}
   * @param renormalized whether weights are divided by their sum
   * @param groups of neighbouring experts, at most {@link #MAX_GROUPS}; 1 without
   * @param groupsUsed groups that a token picks from
   * @param routerBias whether logits have one
   * @param selectionBias whether scores have one when experts are picked
   */
  public static int formula(
      int score,
      boolean renormalized,
      int groups,
      int groupsUsed,
      boolean routerBias,
      boolean selectionBias) {
    int flags = (renormalized ? 4 : 0) + (routerBias ? 8 : 0) + (selectionBias ? 16 : 0);
    return score + flags + (groups << 8) + (groupsUsed << 16);
  }

  /**
   * Picks {@code used} experts, best first, of equal ones the lower id, and weighs them. They are
   * picked by their logits, or, where there are groups or a selection bias, by scores with that
   * bias, among the groups whose two best have the largest sums (arXiv 2412.19437, section 2.1.2).
   *
   * @param args the layer, and the tokens of the batch
   * @param floats where biases are, as the directory tells
   * @param experts at most {@link #MAX_EXPERTS}
   * @param formula see {@link #formula}
   * @param scale what weights are multiplied with
   */
  public static void pick(
      KernelContext context,
      IntArray args,
      IntArray directory,
      FloatArray floats,
      FloatArray routed,
      int experts,
      int used,
      int formula,
      float scale) {
    int token = context.groupIdx;
    int live =
        token < args.get(LaunchArgs.TOKENS)
            ? experts
            : 0; // of absent tokens, nothing must be believed
    int entry = args.get(LaunchArgs.LAYER) * Directory.PARTS;
    int at = token * (experts + 2 * used);
    pick(context, directory, floats, routed, entry, at, live, experts, used, formula, scale);
  }

  /**
   * Picks for one token, by one work group. To be called outside of branches.
   *
   * @param entry the layer's row in the directory
   * @param at where the token's record begins
   * @param live {@code experts}, or 0 to do nothing
   */
  static void pick(
      KernelContext context,
      IntArray directory,
      FloatArray floats,
      FloatArray routed,
      int entry,
      int at,
      int live,
      int experts,
      int used,
      int formula,
      float scale) {
    int score = formula & 3;
    int renormalized = (formula >> 2) & 1;
    int routerBias = (formula >> 3) & 1;
    int selectionBias = (formula >> 4) & 1;
    int groups = (formula >> 8) & 255;
    int groupsUsed = formula >> 16;
    int lane = context.localIdx;
    int lanes = context.localGroupSizeX;
    int ids = at + experts;
    int byScore = groups > 1 ? 1 : selectionBias;
    float[] selection = context.allocateFloatLocalArray(MAX_EXPERTS);
    float[] best = context.allocateFloatLocalArray(MAX_GROUPS);
    for (int e = lane; e < live; e += lanes) {
      float logit = routed.get(at + e);
      if (routerBias == 1) {
        logit += floats.get(directory.get(entry + Directory.ROUTER_BIAS) + e);
        routed.set(at + e, logit);
      }
      selection[e] = logit;
    }
    context.localBarrier();
    if (byScore == 1) {
      float max = 0;
      float total = 1;
      if (score == SOFTMAX) {
        max = selection[0];
        for (int e = 1; e < live; e++) {
          max = TornadoMath.max(max, selection[e]);
        }
        total = 0;
        for (int e = 0; e < live; e++) {
          total += TornadoMath.exp(selection[e] - max);
        }
      }
      context.localBarrier();
      for (int e = lane; e < live; e += lanes) {
        float value = selection[e];
        if (score == SOFTMAX) {
          value = TornadoMath.exp(value - max) / total;
        }
        if (score == SIGMOID) {
          value = 1 / (1 + TornadoMath.exp(-value));
        }
        if (selectionBias == 1) {
          value += floats.get(directory.get(entry + Directory.SELECTION_BIAS) + e);
        }
        selection[e] = value;
      }
      context.localBarrier();
    }
    if (groups > 1) {
      int size = experts / groups;
      for (int g = lane; g < groups; g += lanes) {
        float first = selection[g * size];
        float second = size > 1 ? -Float.MAX_VALUE : 0;
        for (int i = 1; i < size; i++) {
          float value = selection[g * size + i];
          second = TornadoMath.max(second, TornadoMath.min(first, value));
          first = TornadoMath.max(first, value);
        }
        best[g] = first + second;
      }
      context.localBarrier();
      for (int e = lane; e < live; e += lanes) {
        int own = e / size;
        int rank = 0;
        for (int g = 0; g < own; g++) {
          if (best[g] >= best[own]) {
            rank++;
          }
        }
        for (int g = own + 1; g < groups; g++) {
          if (best[g] > best[own]) {
            rank++;
          }
        }
        if (rank >= groupsUsed) {
          selection[e] = -Float.MAX_VALUE;
        }
      }
      context.localBarrier();
    }
    for (int e = lane; e < live; e += lanes) {
      float value = selection[e];
      int rank = 0;
      for (int other = 0; other < e; other++) {
        if (selection[other] >= value) {
          rank++;
        }
      }
      for (int other = e + 1; other < experts; other++) {
        if (selection[other] > value) {
          rank++;
        }
      }
      if (rank < used) {
        routed.set(ids + rank, e);
      }
    }
    context.globalBarrier();
    if (live > experts * lane) { // the first thread, if there is a token
      weigh(routed, at, experts, used, score, renormalized, scale);
    }
  }

  /** Weights of the experts whose ids stand behind the logits at {@code at}. */
  private static void weigh(
      FloatArray routed, int at, int experts, int used, int score, int renormalized, float scale) {
    int ids = at + experts;
    int weights = ids + used;
    // Renormalizing a softmax over all comes to a softmax over those that were picked.
    int all = score == SOFTMAX ? 1 - renormalized : 0;
    int terms = all == 1 ? experts : used;
    float max = 0;
    float total = 1;
    if (score != SIGMOID) {
      max = -Float.MAX_VALUE;
      for (int i = 0; i < terms; i++) {
        int e = all == 1 ? i : (int) routed.get(ids + i);
        max = TornadoMath.max(max, routed.get(at + e));
      }
      total = 0;
      for (int i = 0; i < terms; i++) {
        int e = all == 1 ? i : (int) routed.get(ids + i);
        total += TornadoMath.exp(routed.get(at + e) - max);
      }
    }
    float sum = 0;
    for (int rank = 0; rank < used; rank++) {
      float logit = routed.get(at + (int) routed.get(ids + rank));
      float weight = TornadoMath.exp(logit - max) / total;
      if (score == SIGMOID) {
        weight = 1 / (1 + TornadoMath.exp(-logit));
      }
      routed.set(weights + rank, weight);
      sum += weight;
    }
    float factor = scale;
    if (score == SIGMOID) {
      if (renormalized == 1) {
        factor = scale / TornadoMath.max(sum, MIN_SUM);
      }
    }
    for (int rank = 0; rank < used; rank++) {
      routed.set(weights + rank, routed.get(weights + rank) * factor);
    }
  }
}

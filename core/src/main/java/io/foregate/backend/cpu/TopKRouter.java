package io.foregate.backend.cpu;

import io.foregate.backend.Routing;
import io.foregate.model.ModelConfig;
import io.foregate.model.RouterConfig;
import io.foregate.model.weights.FeedForward;
import io.foregate.quant.vector.VectorKernels;
import java.util.Arrays;

/** Picks a token's experts by the router's logits, and weighs them, as {@link RouterConfig} say. */
final class TopKRouter {
  private static final int TOKEN_CHUNK = 32;

  /** The smallest normal number of an F16: sums below count as this, as they do in llama.cpp. */
  private static final float MIN_SUM = 0x1p-14f;

  private final RouterConfig router;
  private final VectorKernels kernels;
  private final WorkerPool pool;
  private final int experts;
  private final Scratch[] scratch;
  private final WorkerPool.RangeTask task = this::pickTokens;
  private Routing routing;
  private FeedForward.Routed layer;

  /** A worker's arrays, one element per expert or group. */
  private record Scratch(float[] scores, float[] selection, float[] groups, int[] ids) {}

  TopKRouter(ModelConfig config, VectorKernels kernels, WorkerPool pool) {
    this.router = config.moe().router();
    this.kernels = kernels;
    this.pool = pool;
    this.experts = config.experts();
    this.scratch = new Scratch[pool.size()];
    Arrays.setAll(
        scratch,
        i ->
            new Scratch(
                new float[experts],
                new float[experts],
                new float[router.groups()],
                new int[router.groups()]));
  }

  /** Fills ids and weights from the logits of {@code tokens} tokens at a layer. */
  void pick(Routing routing, FeedForward.Routed layer, int tokens) {
    this.routing = routing;
    this.layer = layer;
    routing.setTokens(tokens);
    pool.run(tokens, TOKEN_CHUNK, task);
  }

  private void pickTokens(int from, int to, int worker) {
    float[] bias = layer.router().bias();
    for (int t = from; t < to; t++) {
      if (bias.length > 0) {
        kernels.axpy(1f, bias, 0, routing.logits(), t * experts, experts);
      }
      if (router.isSoftmaxOfPicked() && picksByLogits()) {
        select(
            routing.logits(),
            t * experts,
            experts,
            routing.ids(),
            t * routing.used(),
            routing.used());
        softmaxOfPicked(t);
      } else {
        pickByScore(t, scratch[worker]);
      }
      if (router.scale() != 1) {
        kernels.scale(routing.weights(), t * routing.used(), routing.used(), router.scale());
      }
    }
  }

  /** Whether nothing but the order of the logits says which experts are picked. */
  private boolean picksByLogits() {
    return layer.selectionBias().length == 0 && router.groups() == 1;
  }

  /**
   * The indices of the largest of {@code n} values, best first; of equal ones the first. Insertion
   * into a short sorted list: {@code most} is small, and most values lose to its last element.
   */
  private static void select(float[] values, int first, int n, int[] ids, int best, int most) {
    int count = 0;
    for (int e = 0; e < n; e++) {
      float value = values[first + e];
      int at = count;
      while (at > 0 && value > values[first + ids[best + at - 1]]) {
        at--;
      }
      if (at < most) {
        count = Math.min(count + 1, most);
        for (int i = count - 1; i > at; i--) {
          ids[best + i] = ids[best + i - 1];
        }
        ids[best + at] = e;
      }
    }
  }

  private void softmaxOfPicked(int token) {
    float[] logits = routing.logits();
    float[] weights = routing.weights();
    int first = token * routing.experts();
    int best = token * routing.used();
    float max = logits[first + routing.ids()[best]];
    float sum = 0;
    for (int i = best; i < best + routing.used(); i++) {
      weights[i] = (float) Math.exp(logits[first + routing.ids()[i]] - max);
      sum += weights[i];
    }
    for (int i = best; i < best + routing.used(); i++) {
      weights[i] /= sum;
    }
  }

  private void pickByScore(int token, Scratch s) {
    int best = token * routing.used();
    score(token, s.scores());
    if (picksByLogits()) { // scores grow with logits, but may be equal where those differ
      select(routing.logits(), token * experts, experts, routing.ids(), best, routing.used());
    } else {
      System.arraycopy(s.scores(), 0, s.selection(), 0, experts);
      if (layer.selectionBias().length > 0) {
        kernels.axpy(1f, layer.selectionBias(), 0, s.selection(), 0, experts);
      }
      if (router.groups() > 1) {
        leaveOutGroups(s);
      }
      select(s.selection(), 0, experts, routing.ids(), best, routing.used());
    }
    weigh(token, s.scores());
  }

  private void score(int token, float[] scores) {
    System.arraycopy(routing.logits(), token * experts, scores, 0, experts);
    switch (router.score()) {
      case SOFTMAX -> kernels.softmax(scores, 0, experts);
      case SIGMOID -> {
        for (int e = 0; e < experts; e++) {
          scores[e] = (float) (1 / (1 + Math.exp(-scores[e])));
        }
      }
      case SOFTMAX_OF_PICKED -> {} // when they are picked
    }
  }

  /** A group is as good as its two best experts together; all but the best groups are left out. */
  private void leaveOutGroups(Scratch s) {
    int size = experts / router.groups();
    for (int g = 0; g < router.groups(); g++) {
      float first = Float.NEGATIVE_INFINITY;
      float second = size > 1 ? Float.NEGATIVE_INFINITY : 0;
      for (int e = g * size; e < (g + 1) * size; e++) {
        float value = s.selection()[e];
        if (value > first) {
          second = size > 1 ? first : 0;
          first = value;
        } else if (value > second) {
          second = value;
        }
      }
      s.groups()[g] = first + second;
    }
    select(s.groups(), 0, router.groups(), s.ids(), 0, router.groupsUsed());
    for (int g = 0; g < router.groups(); g++) {
      if (!contains(s.ids(), router.groupsUsed(), g)) {
        Arrays.fill(s.selection(), g * size, (g + 1) * size, Float.NEGATIVE_INFINITY);
      }
    }
  }

  private static boolean contains(int[] ids, int count, int id) {
    for (int i = 0; i < count; i++) {
      if (ids[i] == id) {
        return true;
      }
    }
    return false;
  }

  private void weigh(int token, float[] scores) {
    float[] weights = routing.weights();
    int best = token * routing.used();
    float sum = 0;
    for (int i = best; i < best + routing.used(); i++) {
      weights[i] = scores[routing.ids()[i]];
      sum += weights[i];
    }
    switch (router.score()) {
      case SOFTMAX_OF_PICKED -> kernels.softmax(weights, best, routing.used());
      case SOFTMAX, SIGMOID -> {
        if (router.renormalized()) {
          kernels.scale(weights, best, routing.used(), 1 / Math.max(sum, MIN_SUM));
        }
      }
    }
  }
}

package io.foregate.backend.cpu;

import io.foregate.backend.Routing;
import io.foregate.model.ModelConfig;

/** Picks the experts with the highest router logits, and their weights. */
final class TopKRouter {
  private static final int TOKEN_CHUNK = 32;

  private final ModelConfig config;
  private final WorkerPool pool;
  private final WorkerPool.RangeTask task = this::pickTokens;
  private Routing routing;

  TopKRouter(ModelConfig config, WorkerPool pool) {
    this.config = config;
    this.pool = pool;
  }

  /** Fills ids and weights from the logits of {@code tokens} tokens. */
  void pick(Routing routing, int tokens) {
    this.routing = routing;
    routing.setTokens(tokens);
    pool.run(tokens, TOKEN_CHUNK, task);
  }

  private void pickTokens(int from, int to, int worker) {
    for (int t = from; t < to; t++) {
      select(t);
      switch (config.family().routerScore()) {
        case SOFTMAX_RENORMALIZED -> softmaxOfPicked(t);
      }
    }
  }

  /** Insertion into a short sorted list: k is small, and most logits lose to its last element. */
  private void select(int token) {
    float[] logits = routing.logits();
    int[] ids = routing.ids();
    int first = token * routing.experts();
    int best = token * routing.used();
    int count = 0;
    for (int e = 0; e < routing.experts(); e++) {
      float logit = logits[first + e];
      int at = count;
      while (at > 0 && logit > logits[first + ids[best + at - 1]]) {
        at--;
      }
      if (at < routing.used()) {
        count = Math.min(count + 1, routing.used());
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
}

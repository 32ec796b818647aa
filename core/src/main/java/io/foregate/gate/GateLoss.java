package io.foregate.gate;

/**
 * How wrong the scores of one layer's experts are: the Kullback-Leibler divergence of the router's
 * distribution from the scores', plus {@code margin} times a logistic loss of the weakest chosen
 * expert's score over the strongest other's.
 *
 * @param margin weight of the second term
 */
record GateLoss(float margin) {

  /**
   * The loss, and its derivatives.
   *
   * @param scores of the experts, at {@code at ..}
   * @param logits of the router, at {@code truth ..}
   * @param ids the chosen experts, at {@code chosen ..}
   * @param gradient gets the derivatives by the scores, at {@code at ..}
   */
  float of(
      float[] scores,
      int at,
      int experts,
      float[] logits,
      int truth,
      int[] ids,
      int chosen,
      int used,
      float[] gradient) {
    float topScore = max(scores, at, experts);
    float topLogit = max(logits, truth, experts);
    float sumScore = 0;
    float sumLogit = 0;
    for (int e = 0; e < experts; e++) {
      sumScore += Exponential.of(scores[at + e] - topScore);
      sumLogit += Exponential.of(logits[truth + e] - topLogit);
    }
    float logScores = (float) Math.log(sumScore) + topScore;
    float logLogits = (float) Math.log(sumLogit) + topLogit;
    float loss = 0;
    for (int e = 0; e < experts; e++) {
      float p = Exponential.of(logits[truth + e] - logLogits);
      float q = Exponential.of(scores[at + e] - logScores);
      loss += p * (logits[truth + e] - logLogits - (scores[at + e] - logScores));
      gradient[at + e] = q - p;
    }
    return used < experts
        ? loss + addMargin(scores, at, experts, ids, chosen, used, gradient)
        : loss;
  }

  private float addMargin(
      float[] scores, int at, int experts, int[] ids, int chosen, int used, float[] gradient) {
    int weakest = -1;
    int strongest = -1;
    for (int e = 0; e < experts; e++) {
      boolean in = false;
      for (int i = 0; i < used; i++) {
        in |= ids[chosen + i] == e;
      }
      if (in && (weakest < 0 || scores[at + e] < scores[at + weakest])) {
        weakest = e;
      } else if (!in && (strongest < 0 || scores[at + e] > scores[at + strongest])) {
        strongest = e;
      }
    }
    float lead = scores[at + weakest] - scores[at + strongest];
    float slope = margin / (1 + Exponential.of(lead));
    gradient[at + weakest] -= slope;
    gradient[at + strongest] += slope;
    return margin * (float) Math.log1p(Exponential.of(-lead));
  }

  private static float max(float[] values, int from, int n) {
    float max = values[from];
    for (int i = from + 1; i < from + n; i++) {
      max = Math.max(max, values[i]);
    }
    return max;
  }
}

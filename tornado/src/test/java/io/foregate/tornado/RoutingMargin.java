package io.foregate.tornado;

import io.foregate.model.ModelConfig;
import io.foregate.model.RouterConfig;
import io.foregate.model.RouterScore;
import java.util.Arrays;
import java.util.stream.IntStream;

/** How much a router's scores would have to change for another choice or another order of it. */
final class RoutingMargin {
  private RoutingMargin() {}

  /**
   * @param bias that is added to scores when experts are picked, or empty
   */
  static double of(ModelConfig config, float[] bias, float[] logits) {
    RouterConfig router = config.moe().router();
    double[] scores = new double[logits.length];
    for (int e = 0; e < scores.length; e++) {
      boolean sigmoid = router.score() == RouterScore.SIGMOID;
      double score = sigmoid ? 1 / (1 + Math.exp(-logits[e])) : logits[e];
      scores[e] = bias.length > 0 ? score + bias[e] : score;
    }
    double margin = Double.POSITIVE_INFINITY;
    if (router.groups() > 1) {
      margin = leaveOutGroups(scores, router.groups(), router.groupsUsed());
    }
    double[] sorted = descending(scores);
    for (int i = 0; i < config.expertsUsed() && i + 1 < sorted.length; i++) {
      margin = Math.min(margin, sorted[i] - sorted[i + 1]);
    }
    return margin;
  }

  /** Of the groups' sums of their two best. */
  private static double leaveOutGroups(double[] scores, int groups, int used) {
    int size = scores.length / groups;
    double[] sums =
        IntStream.range(0, groups)
            .mapToDouble(
                g -> {
                  double[] best = descending(Arrays.copyOfRange(scores, g * size, (g + 1) * size));
                  return best[0] + best[1];
                })
            .toArray();
    double[] sorted = descending(sums);
    for (int g = 0; g < groups; g++) {
      if (sums[g] < sorted[used - 1]) {
        Arrays.fill(scores, g * size, (g + 1) * size, Double.NEGATIVE_INFINITY);
      }
    }
    return sorted[used - 1] - sorted[used];
  }

  private static double[] descending(double[] values) {
    return Arrays.stream(values).map(v -> -v).sorted().map(v -> -v).toArray();
  }
}

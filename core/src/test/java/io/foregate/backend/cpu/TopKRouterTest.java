package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.foregate.backend.Routing;
import io.foregate.model.ModelConfig;
import io.foregate.model.RouterConfig;
import io.foregate.model.RouterScore;
import io.foregate.model.weights.ExpertBiases;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.Linear;
import io.foregate.quant.vector.VectorKernels;
import io.foregate.quant.vector.VectorProvider;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopKRouterTest {

  @ParameterizedTest
  @CsvSource({"8,2,300", "8,1,5", "4,4,70", "128,8,40"})
  void picksTheHighestLogitsAndWeighsThemBySoftmax(int experts, int used, int tokens) {
    var routing = new Routing(tokens, experts, used);
    Random random = new Random(experts);
    for (int i = 0; i < tokens * experts; i++) {
      routing.logits()[i] = random.nextInt(12) - 6; // small integers: many ties
    }
    try (var pool = new WorkerPool(2)) {
      pick(TestModels.router(experts, used), pool, routing, new float[0], new float[0]);
    }
    for (int t = 0; t < tokens; t++) {
      float[] logits = Arrays.copyOfRange(routing.logits(), t * experts, (t + 1) * experts);
      int[] expected =
          IntStream.range(0, experts)
              .boxed()
              .sorted((a, b) -> Float.compare(logits[b], logits[a])) // stable: lower ids first
              .limit(used)
              .mapToInt(i -> i)
              .toArray();
      int[] actual = Arrays.copyOfRange(routing.ids(), t * used, (t + 1) * used);
      assertThat(actual).containsExactly(expected);
      double sum = Arrays.stream(expected).mapToDouble(e -> Math.exp(logits[e])).sum();
      for (int i = 0; i < used; i++) {
        double weight = Math.exp(logits[expected[i]]) / sum;
        assertThat((double) routing.weights()[t * used + i]).isCloseTo(weight, within(1e-6));
      }
    }
  }

  /** Formulas of the families, written out. */
  @ParameterizedTest
  @CsvSource({
    "SOFTMAX,false,1,1,1,false",
    "SOFTMAX,true,1,1,1,true",
    "SIGMOID,true,2.5,1,1,true",
    "SIGMOID,false,1,4,2,false",
    "SIGMOID,true,16,4,2,true",
    "SOFTMAX,false,1,8,3,false",
    "SOFTMAX_OF_PICKED,false,1,1,1,false"
  })
  void scoresAsTheFamilyDoes(
      RouterScore score,
      boolean renormalized,
      float scale,
      int groups,
      int groupsUsed,
      boolean bias) {
    int experts = 16;
    int used = 4;
    var facts = new RouterConfig(score, renormalized, scale, groups, groupsUsed);
    var routing = new Routing(40, experts, used);
    Random random = new Random(groups);
    for (int i = 0; i < routing.logits().length; i++) {
      routing.logits()[i] = (float) random.nextGaussian();
    }
    float[] raw = routing.logits().clone();
    float[] routerBias = floats(experts, random);
    float[] selectionBias = bias ? floats(experts, random) : new float[0];
    try (var pool = new WorkerPool(2)) {
      pick(TestModels.router(experts, used, facts), pool, routing, routerBias, selectionBias);
    }
    for (int t = 0; t < routing.tokens(); t++) {
      var logits = new double[experts];
      for (int e = 0; e < experts; e++) {
        logits[e] = (double) raw[t * experts + e] + routerBias[e];
      }
      double[] scores = scores(score, logits);
      double[] selection = scores.clone();
      for (int e = 0; e < selectionBias.length; e++) {
        selection[e] += selectionBias[e];
      }
      List<Integer> open = openExperts(selection, groups, groupsUsed);
      List<Integer> picked =
          open.stream()
              .sorted(Comparator.comparingDouble((Integer e) -> -selection[e]))
              .limit(used)
              .toList();
      double sum =
          score == RouterScore.SOFTMAX_OF_PICKED
              ? picked.stream().mapToDouble(e -> Math.exp(logits[e])).sum()
              : renormalized ? picked.stream().mapToDouble(e -> scores[e]).sum() : 1;
      for (int i = 0; i < used; i++) {
        int e = picked.get(i);
        double weight = score == RouterScore.SOFTMAX_OF_PICKED ? Math.exp(logits[e]) : scores[e];
        assertThat(routing.ids()[t * used + i]).isEqualTo(e);
        assertThat((double) routing.weights()[t * used + i])
            .isCloseTo(scale * weight / sum, withinPercentage(1e-3));
      }
    }
  }

  private static double[] scores(RouterScore score, double[] logits) {
    double sum = Arrays.stream(logits).map(Math::exp).sum();
    return switch (score) {
      case SOFTMAX -> Arrays.stream(logits).map(x -> Math.exp(x) / sum).toArray();
      case SIGMOID -> Arrays.stream(logits).map(x -> 1 / (1 + Math.exp(-x))).toArray();
      case SOFTMAX_OF_PICKED -> logits;
    };
  }

  /** The experts of the groups whose two best add up to the most. */
  private static List<Integer> openExperts(double[] selection, int groups, int groupsUsed) {
    int size = selection.length / groups;
    return IntStream.range(0, groups)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer g) -> -twoBest(selection, g * size, size)))
        .limit(groupsUsed)
        .flatMap(g -> IntStream.range(g * size, (g + 1) * size).boxed())
        .toList();
  }

  private static double twoBest(double[] selection, int from, int size) {
    double[] group = Arrays.copyOfRange(selection, from, from + size);
    Arrays.sort(group);
    return group[size - 1] + group[size - 2];
  }

  private static float[] floats(int n, Random random) {
    var values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = 0.3f * (float) random.nextGaussian();
    }
    return values;
  }

  private static void pick(
      ModelConfig config,
      WorkerPool pool,
      Routing routing,
      float[] routerBias,
      float[] selectionBias) {
    var layer =
        new FeedForward.Routed(
            new Linear(null, routerBias),
            selectionBias,
            new ExpertTensors(List.of(), List.of(), List.of()),
            ExpertBiases.NONE,
            Optional.empty());
    VectorKernels kernels = VectorProvider.get().kernels();
    int tokens = routing.ids().length / routing.used();
    new TopKRouter(config, kernels, pool).pick(routing, layer, tokens);
  }
}

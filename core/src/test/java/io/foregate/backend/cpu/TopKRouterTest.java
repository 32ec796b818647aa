package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.backend.Routing;
import java.util.Arrays;
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
      new TopKRouter(TestModels.router(experts, used), pool).pick(routing, tokens);
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
}

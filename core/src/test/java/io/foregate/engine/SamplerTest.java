package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.options.Sampling;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
  /** Sampling with nothing left open, and a seed. */
  private record Case(
      float temperature,
      int topK,
      float topP,
      float minP,
      float repeatPenalty,
      int repeatLastN,
      long seed) {
    Sampler sampler(int vocabulary) {
      var sampling =
          Sampling.open()
              .withTemperature(temperature)
              .withTopK(topK)
              .withTopP(topP)
              .withMinP(minP)
              .withRepeatPenalty(repeatPenalty)
              .withRepeatLastN(repeatLastN);
      return new Sampler(sampling, seed, CONTEXT, vocabulary);
    }
  }

  private static final int CONTEXT = 1000;
  private static final Case PLAIN = new Case(1f, 0, 1f, 0f, 1f, 64, 7);

  @Test
  void temperatureZeroPicksTheMostProbableAndTheFirstOfEquals() {
    var options = new Case(0f, 40, 0.9f, 0.1f, 1f, 64, 1);
    assertThat(options.sampler(4).sample(new float[] {1, 5, 5, 2})).isEqualTo(1);
  }

  @Test
  void drawsAsOftenAsTheSoftmaxSays() {
    float[] logits = {0f, 1f, 2f, -1f};
    int draws = 40_000;
    int[] counts = counts(PLAIN, logits, draws);
    double sum = IntStream.range(0, 4).mapToDouble(i -> Math.exp(logits[i])).sum();
    for (int i = 0; i < 4; i++) {
      double p = Math.exp(logits[i]) / sum;
      double deviation = Math.sqrt(draws * p * (1 - p));
      assertThat((double) counts[i])
          .isBetween(draws * p - 5 * deviation, draws * p + 5 * deviation);
    }
  }

  @Test
  void temperatureSharpens() {
    float[] logits = {0f, 1f};
    int[] counts = counts(new Case(0.25f, 0, 1f, 0f, 1f, 0, 3), logits, 20_000);
    double p = 1 / (1 + Math.exp(-4)); // logits divided by 0.25
    assertThat(counts[1] / 20_000.0).isBetween(p - 0.01, p + 0.01);
  }

  @Test
  void topKKeepsExactlyTheBest() {
    Random random = new Random(5);
    float[] logits = new float[500];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = random.nextFloat();
    }
    int[] counts = counts(new Case(100f, 3, 1f, 0f, 1f, 0, 9), logits, 3_000);
    int[] best =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted((a, b) -> Float.compare(logits[b], logits[a]))
            .limit(3)
            .mapToInt(i -> i)
            .toArray();
    assertThat(IntStream.range(0, logits.length).filter(i -> counts[i] > 0).toArray())
        .containsExactlyInAnyOrder(best);
  }

  @Test
  void topPKeepsTheFewestThatReachIt() {
    float[] logits = logs(0.5, 0.3, 0.15, 0.05);
    int[] counts = counts(new Case(1f, 0, 0.7f, 0f, 1f, 0, 2), logits, 5_000);
    assertThat(counts[0]).isPositive();
    assertThat(counts[1]).isPositive();
    assertThat(counts[2] + counts[3]).isZero();
  }

  @Test
  void minPDropsWhatIsFarBehindTheBest() {
    float[] logits = logs(0.5, 0.3, 0.15, 0.05);
    int[] counts = counts(new Case(1f, 0, 1f, 0.25f, 1f, 0, 2), logits, 5_000);
    assertThat(counts[2]).as("0.15 is above 0.25 * 0.5").isPositive();
    assertThat(counts[3]).as("0.05 is below 0.25 * 0.5").isZero();
  }

  @Test
  void repetitionPenaltyAppliesOncePerTokenAndOnlyWithinTheWindow() {
    var options = new Case(0f, 0, 1f, 0f, 2f, 2, 1);
    var sampler = options.sampler(3);
    float[] logits = {4f, 3f, -1f};
    assertThat(sampler.sample(logits)).isEqualTo(0);
    sampler.accept(0);
    sampler.accept(0);
    assertThat(sampler.sample(logits)).as("4 / 2 < 3; twice would still be 1").isEqualTo(1);
    sampler.accept(1);
    assertThat(sampler.sample(logits)).as("4 / 2 > 3 / 2").isEqualTo(0);
    sampler.accept(2);
    assertThat(sampler.sample(logits)).as("0 has left the window of two").isEqualTo(0);
    assertThat(logits).as("the caller's logits").containsExactly(4f, 3f, -1f);
  }

  @Test
  void theSameSeedDrawsTheSameTokens() {
    float[] logits = new float[100];
    assertThat(draws(PLAIN, logits)).containsExactly(draws(PLAIN, logits));
    var otherSeed = new Case(1f, 0, 1f, 0f, 1f, 64, 8);
    assertThat(draws(otherSeed, logits)).isNotEqualTo(draws(PLAIN, logits));
  }

  @Test
  void theWindowIsNoLongerThanTheContext() {
    Sampling all = Sampling.open().withRepeatLastN(Integer.MAX_VALUE);
    assertThat(new Sampler(all, 0, 7, 3).window()).isEqualTo(7);
    assertThat(new Sampler(Sampling.open(), 0, CONTEXT, 3).window())
        .as("as usual")
        .isEqualTo(Sampling.USUAL_REPEAT_LAST_N);
  }

  private static int[] draws(Case options, float[] logits) {
    var sampler = options.sampler(logits.length);
    return IntStream.range(0, 50).map(i -> sampler.sample(logits)).toArray();
  }

  private static int[] counts(Case options, float[] logits, int draws) {
    var sampler = options.sampler(logits.length);
    int[] counts = new int[logits.length];
    for (int i = 0; i < draws; i++) {
      counts[sampler.sample(logits)]++;
    }
    return counts;
  }

  private static float[] logs(double... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return logits;
  }
}

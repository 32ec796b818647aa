package io.foregate.gate.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.gate.ExpertPredictor;
import io.foregate.gate.FrequencyPredictor;
import io.foregate.gate.GateShape;
import io.foregate.gate.Recall;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class RecallTest {
  @RepeatedTest(20)
  void agreesWithSorting(RepetitionInfo info) {
    var random = new Random(info.getCurrentRepetition());
    var scores = new float[3 + 16];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = random.nextInt(9); // with ties
    }
    int[] ids =
        IntStream.concat(IntStream.of(99), random.ints(0, 16).distinct().limit(4)).toArray();
    int m = 1 + random.nextInt(8);
    List<Integer> best =
        IntStream.range(0, 16)
            .boxed()
            .sorted(Comparator.comparingDouble(e -> -scores[3 + e]))
            .limit(m)
            .toList();
    long expected = Arrays.stream(ids).skip(1).filter(best::contains).count();
    assertThat(Recall.hits(scores, 3, 16, m, ids, 1, 4)).isEqualTo((int) expected);
  }

  @Test
  void aPredictorThatKnowsIsRightEverywhereAndOneThatErrsNowhere() {
    GateShape shape = SyntheticRouting.shape(2, 0);
    try (GateSamples samples = new SyntheticRouting(4).samples(shape, 30)) {
      RecallTable right = follow(shape, samples, 1);
      RecallTable wrong = follow(shape, samples, -1);
      for (int j = 1; j <= 2; j++) {
        assertThat(right.within(j, false)).isEqualTo(1);
        assertThat(right.crossing(j, true)).isEqualTo(1);
        assertThat(right.at(0, j, false)).isEqualTo(1);
        assertThat(wrong.within(j, false)).isZero();
        assertThat(wrong.crossing(j, false)).isZero();
      }
      assertThat(right.reliability(1).error()).isZero();
      assertThat(wrong.reliability(1).error()).isGreaterThan(0.6);
      RecallTable both = RecallTable.sum(List.of(right, wrong));
      assertThat(both.within(1, false)).isCloseTo(0.5, within(1e-9));
    }
  }

  @Test
  void whatAShortPredictorDoesNotSayIsNotCounted() {
    GateShape shape = SyntheticRouting.shape(2, 0);
    try (GateSamples samples = new SyntheticRouting(4).samples(shape, 5)) {
      var table = new RecallTable(shape);
      table.follow(
          new FrequencyPredictor(shape.layers(), shape.experts(), 2, 1), new int[5], samples);
      assertThat(table.within(1, false)).isBetween(0.0, 1.0);
      assertThat(table.within(2, false)).isNaN();
    }
  }

  @Test
  void reliabilityIsTheShareThatWasUsedOfWhatWasGivenSoMuch() {
    var reliability = new Reliability();
    float[] probabilities = {0, 0.65f, 0.35f, 1, 0.65f, 0.35f};
    reliability.add(probabilities, 1, 2, new int[] {0}, 0, 1);
    reliability.add(probabilities, 4, 2, new int[] {1}, 0, 1);
    Reliability.Summary summary = reliability.summary();
    assertThat(summary.bins()).hasSize(10);
    assertThat(summary.bins().get(6).count()).isEqualTo(2);
    assertThat(summary.bins().get(6).predicted()).isCloseTo(0.65, within(1e-6));
    assertThat(summary.bins().get(6).used()).isEqualTo(0.5);
    assertThat(summary.bins().get(3).used()).isEqualTo(0.5);
    assertThat(summary.bins().get(9).count()).isZero();
    assertThat(summary.error()).isCloseTo(0.15, within(1e-6));
  }

  private static RecallTable follow(GateShape shape, GateSamples samples, int sign) {
    var table = new RecallTable(shape);
    table.follow(new Knowing(shape, samples, sign), new int[samples.tokens()], samples);
    return table;
  }

  /** Says the routing of the samples, or its opposite. */
  private static final class Knowing implements ExpertPredictor {
    private final GateShape shape;
    private final GateSamples samples;
    private final int sign;
    private int token = -1;

    Knowing(GateShape shape, GateSamples samples, int sign) {
      this.shape = shape;
      this.samples = samples;
      this.sign = sign;
    }

    @Override
    public int horizon() {
      return shape.horizon();
    }

    @Override
    public void predictToken(int id, float[] probabilities) {
      token++;
      say(0, probabilities);
    }

    @Override
    public void predict(int layer, float[] input, float[] probabilities) {
      say(layer + 1, probabilities);
    }

    private void say(int point, float[] out) {
      Arrays.fill(out, 0);
      for (int j = 1; j <= shape.horizon(); j++) {
        int at = token + (point - 1 + j >= shape.layers() ? 1 : 0);
        int layer = (point - 1 + j) % shape.layers();
        for (int i = 0; i < shape.used() && at < samples.tokens(); i++) {
          int id = samples.ids()[samples.idsAt(at, layer) + i];
          out[(j - 1) * shape.experts() + id] = sign;
        }
      }
    }

    @Override
    public void observe(int layer, int[] ids, int from, int count) {}

    @Override
    public void reset() {}
  }
}

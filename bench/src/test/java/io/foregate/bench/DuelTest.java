package io.foregate.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DuelTest {
  private final List<String> calls = new ArrayList<>();

  /** Notes what it is asked, and gives fixed logits. */
  private final class Recorder implements Contestant {
    private final String name;
    private final float[] logits;

    Recorder(String name, float... logits) {
      this.name = name;
      this.logits = logits;
    }

    @Override
    public void clear() {
      calls.add(name);
    }

    @Override
    public void feed(int[] tokens, int from, int to) {
      calls.add("%d-%d".formatted(from, to));
    }

    @Override
    public float[] logits() {
      return logits;
    }

    @Override
    public void close() {}
  }

  @Test
  void takesTurnsAfterWarmingBothUp() {
    var duel = new Duel(new Recorder("a", 0, 0), new Recorder("b", 0, 0), 2, 0, 2);
    Report.Result result = duel.run(Trial.prefill(5));
    List<String> pair =
        List.of("a", "0-5", "a", "0-5", "b", "0-5", "b", "0-5"); // each once untimed, once timed
    assertThat(calls.subList(0, 4)).containsExactly("a", "0-5", "b", "0-5");
    assertThat(calls.subList(4, 12)).isEqualTo(pair);
    assertThat(calls.subList(12, 20)).isEqualTo(pair);
    assertThat(calls).hasSize(20);
    assertThat(result.test()).isEqualTo("pp5");
    assertThat(result.foregateNs()).hasSize(2);
    assertThat(result.llamaCppNs()).hasSize(2);
  }

  @Test
  void decodesOneByOne() {
    new Duel(new Recorder("a", 0), new Recorder("b", 0), 1, 0, 1).run(Trial.decode(2));
    assertThat(calls.subList(0, 3)).containsExactly("a", "0-1", "1-2");
  }

  @Test
  void tellsHowFarTheTwoDisagree() {
    var even = new Recorder("a", 7, 7);
    var threeToOne = new Recorder("b", (float) Math.log(3), 0);
    double difference =
        new Duel(even, threeToOne, 2, 0, 1).run(Trial.decode(1)).largestProbabilityDifference();
    assertThat(difference).isCloseTo(0.25, within(1e-6));
  }

  @Test
  void ratiosAreOfMediansAndOfPairs() {
    long[] ours = {1_000, 4_000, 2_000};
    long[] theirs = {3_000, 2_000, 6_000};
    Report.Result result = Report.Result.of(Trial.decode(1), ours, theirs, 0, 0);
    assertThat(result.foregateTokensPerSecond()).isCloseTo(5e5, within(1e-6));
    assertThat(result.ratio().ofMedians()).isCloseTo(1.5, within(1e-9));
    assertThat(result.ratio().lowest()).isCloseTo(0.5, within(1e-9));
    assertThat(result.ratio().highest()).isCloseTo(3, within(1e-9));
  }
}

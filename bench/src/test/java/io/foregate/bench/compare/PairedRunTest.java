package io.foregate.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foregate.bench.measure.ReadLoop;
import io.foregate.bench.measure.Report;
import io.foregate.bench.measure.TimedEngine;
import io.foregate.bench.measure.TimedFeed;
import io.foregate.bench.measure.TokenBytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PairedRunTest {
  private final List<String> calls = new ArrayList<>();

  /** By position: every workload feeds the same tokens. */
  private final Map<Integer, Integer> seen = new HashMap<>();

  private final ReadLoop memory = new ReadLoop(1, 1 << 20);

  /** Notes what it is asked, and gives fixed logits. */
  private final class Recorder implements TimedEngine {
    private final String name;
    private final float[] logits;
    private int position;

    Recorder(String name, float... logits) {
      this.name = name;
      this.logits = logits;
    }

    @Override
    public int position() {
      return position;
    }

    @Override
    public void truncate(int newPosition) {
      assertThat(newPosition).isLessThanOrEqualTo(position);
      position = newPosition;
      calls.add("%s to %d".formatted(name, newPosition));
    }

    @Override
    public void feed(int[] tokens, int from, int to) {
      assertThat(from).isEqualTo(position);
      for (int i = from; i < to; i++) {
        assertThat(seen.putIfAbsent(i, tokens[i])).isIn(null, tokens[i]);
      }
      position = to;
      calls.add("%d-%d".formatted(from, to));
    }

    @Override
    public float[] logits() {
      return logits;
    }

    @Override
    public void close() {}
  }

  private PairedRun pairs(Recorder ours, Recorder theirs, int repetitions) {
    int vocabulary = ours.logits().length;
    var pace = new PairedRun.Pace(0, repetitions, 1);
    return new PairedRun(ours, theirs, vocabulary, pace, memory, new TokenBytes(1000, 10));
  }

  @AfterEach
  void close() {
    memory.close();
  }

  @Test
  void takesTurnsAfterWarmingBothUp() {
    PairedRun pairs = pairs(new Recorder("a", 0, 0), new Recorder("b", 0, 0), 2);
    Report.Result result = pairs.run(TimedFeed.prefill(5, 0));
    List<String> pair = // each once untimed, once timed
        List.of("a to 0", "0-5", "a to 0", "0-5", "b to 0", "0-5", "b to 0", "0-5");
    assertThat(calls.subList(0, 2)).containsExactly("a to 0", "b to 0"); // nothing to fill
    assertThat(calls.subList(2, 6)).containsExactly("a to 0", "0-5", "b to 0", "0-5");
    assertThat(calls.subList(6, 14)).isEqualTo(pair);
    assertThat(calls.subList(14, 22)).isEqualTo(pair);
    assertThat(calls).hasSize(22);
    assertThat(result.test()).isEqualTo("pp5");
    assertThat(result.foregateNs()).hasSize(2);
    assertThat(result.llamaCppNs()).hasSize(2);
  }

  @Test
  void decodesOneByOne() {
    pairs(new Recorder("a", 0), new Recorder("b", 0), 1).run(TimedFeed.decode(2, 0));
    assertThat(calls.subList(2, 5)).containsExactly("a to 0", "0-1", "1-2");
  }

  /** What the context takes is paid once, not with every sample. */
  @Test
  void aContextIsFilledOnceAndCutBackTo() {
    PairedRun pairs = pairs(new Recorder("a", 0), new Recorder("b", 0), 2);
    pairs.run(TimedFeed.prefill(5, 0));
    calls.clear();
    Report.Result result = pairs.run(TimedFeed.decode(1, 3));
    assertThat(calls.subList(0, 2)).containsExactly("a to 3", "b to 3"); // 3 of 5 are of use
    assertThat(calls.subList(2, calls.size())).containsOnly("a to 3", "b to 3", "3-4");
    assertThat(result.test()).isEqualTo("tg1 @ d3");
    assertThat(result.depth()).isEqualTo(3);
    calls.clear();
    pairs.run(TimedFeed.prefill(2, 8));
    assertThat(calls.subList(0, 4)).containsExactly("a to 4", "4-8", "b to 4", "4-8");
    assertThat(calls.subList(4, calls.size())).containsOnly("a to 8", "b to 8", "8-10");
  }

  @Test
  void tellsHowFarTheTwoDisagree() {
    var even = new Recorder("a", 7, 7);
    var threeToOne = new Recorder("b", (float) Math.log(3), 0);
    double difference =
        pairs(even, threeToOne, 1).run(TimedFeed.decode(1, 0)).largestProbabilityDifference();
    assertThat(difference).isCloseTo(0.25, within(1e-6));
  }

  @Test
  void memoryIsReadBesideEveryDecode() {
    PairedRun pairs = pairs(new Recorder("a", 0), new Recorder("b", 0), 3);
    assertThat(pairs.run(TimedFeed.prefill(2, 0)).bandwidth()).isNull();
    Report.Bandwidth bandwidth = pairs.run(TimedFeed.decode(2, 7)).bandwidth();
    assertThat(bandwidth.samples().bytesPerToken()).isEqualTo(1000 + 85); // 8 and 9 positions
    assertThat(bandwidth.samples().readLoopNs()).hasSize(3).doesNotContain(0L);
    assertThat(bandwidth.samples().readLoopBytes()).isEqualTo(memory.bytes());
  }

  @Test
  void sharesAreOfTheReadLoop() {
    var memory = new Report.LoopSamples(3_000, 8_000, List.of(2_000L, 1_000L, 4_000L));
    long[] ours = {1_000};
    long[] theirs = {500};
    Report.Bandwidth bandwidth =
        Report.Result.of(TimedFeed.decode(1, 0), ours, theirs, 0, 0, Optional.of(memory))
            .bandwidth();
    assertThat(bandwidth.readLoopGbps()).isCloseTo(4, within(1e-9));
    assertThat(bandwidth.foregateGbps()).isCloseTo(3, within(1e-9));
    assertThat(bandwidth.llamaCppGbps()).isCloseTo(6, within(1e-9));
    assertThat(bandwidth.foregateShare()).isCloseTo(0.75, within(1e-9));
    assertThat(bandwidth.llamaCppShare()).isCloseTo(1.5, within(1e-9));
  }

  @Test
  void ratiosAreOfMediansAndOfPairs() {
    long[] ours = {1_000, 4_000, 2_000};
    long[] theirs = {3_000, 2_000, 6_000};
    Report.Result result =
        Report.Result.of(TimedFeed.decode(1, 0), ours, theirs, 0, 0, Optional.empty());
    assertThat(result.foregateTokensPerSecond()).isCloseTo(5e5, within(1e-6));
    assertThat(result.ratio().ofMedians()).isCloseTo(1.5, within(1e-9));
    assertThat(result.ratio().lowest()).isCloseTo(0.5, within(1e-9));
    assertThat(result.ratio().highest()).isCloseTo(3, within(1e-9));
  }
}

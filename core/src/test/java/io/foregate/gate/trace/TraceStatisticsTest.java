package io.foregate.gate.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class TraceStatisticsTest {
  @Test
  void countsByHand() {
    // One layer, three experts, two used; the last token starts another text.
    var header = new TraceHeader(RandomTraces.MODEL, "hand", 1, 3, 2, List.of(), List.of("a"));
    int[][] choices = {{0, 1}, {0, 2}, {1, 2}, {1, 2}};
    var trace = new TraceRecords(header, choices.length);
    for (int t = 0; t < choices.length; t++) {
      trace.add(t, false, t == 0 || t == choices.length - 1, 0);
      trace.choice(t, 0, 0, choices[t][0], 0.5f);
      trace.choice(t, 0, 1, choices[t][1], 0.5f);
    }
    TraceStatistics.Layer layer = TraceStatistics.of(trace).layers().getFirst();
    assertThat(layer.share()).containsExactly(2 / 8., 3 / 8., 3 / 8.);
    assertThat(layer.repeatsFirst()).isEqualTo(1 / 2.);
    assertThat(layer.repeatsAny()).isEqualTo(1);
  }

  @Test
  void recallOfPerfectScoresIsOneAndOfTheOppositeZero() {
    TraceHeader header = RandomTraces.header(3, 6, 2);
    TraceRecords perfect = RandomTraces.records(header, 40, 5);
    TraceRecords wrong = RandomTraces.records(header, 40, 5);
    for (int t = 0; t < 40; t++) {
      for (int layer = 0; layer < 3; layer++) {
        var scores = new float[12];
        for (int j = 1; j <= 2; j++) {
          int target = Math.min(39, t + (layer + j) / 3);
          for (int rank = 0; rank < 2; rank++) {
            scores[(j - 1) * 6 + perfect.expert(target, (layer + j) % 3, rank)] = 1;
          }
        }
        perfect.setScores(t, layer, 0, scores);
        for (int i = 0; i < scores.length; i++) {
          scores[i] = 1 - scores[i];
        }
        wrong.setScores(t, layer, 0, scores);
      }
    }
    for (int j = 1; j <= 2; j++) {
      assertThat(TraceStatistics.recall(perfect, 0, j, 2)).isEqualTo(1);
      assertThat(TraceStatistics.recall(perfect, 0, j, 1)).isEqualTo(0.5);
      assertThat(TraceStatistics.recall(wrong, 0, j, 4)).isZero();
      assertThat(TraceStatistics.recall(wrong, 0, j, 6)).isEqualTo(1);
    }
    assertThat(TraceStatistics.recall(perfect, 1, 1, 2)).isCloseTo(1 / 3., within(0.15));
  }
}

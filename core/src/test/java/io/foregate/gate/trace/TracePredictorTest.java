package io.foregate.gate.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import org.junit.jupiter.api.Test;

class TracePredictorTest {
  private static final float[] NO_INPUT = {};
  private static final int[] NO_IDS = {};

  /** Two layers, three experts, one used. */
  private final TraceRecords trace =
      RandomTraces.of(3, 3, new int[][][] {{{0}, {1}}, {{2}, {0}}, {{1}, {2}}});

  private final float[] probabilities = new float[9];

  @Test
  void theOracleSeesAcrossTheTokenBoundary() {
    TracePredictor oracle = TracePredictor.oracle(trace, 3);
    assertThat(oracle.horizon()).isEqualTo(3);
    oracle.predictToken(0, probabilities);
    assertThat(probabilities).containsExactly(1, 0, 0, 0, 1, 0, 0, 0, 1);
    oracle.observe(0, NO_IDS, 0, 0);
    oracle.predict(0, NO_INPUT, probabilities);
    assertThat(probabilities).containsExactly(0, 1, 0, 0, 0, 1, 1, 0, 0);
    oracle.observe(1, NO_IDS, 0, 0);
    oracle.predict(1, NO_INPUT, probabilities);
    assertThat(probabilities).containsExactly(0, 0, 1, 1, 0, 0, 0, 1, 0);
  }

  @Test
  void nothingComesAfterTheEnd() {
    TracePredictor oracle = TracePredictor.oracle(trace, 3);
    oracle.seek(2);
    oracle.predictToken(2, probabilities);
    oracle.observe(0, NO_IDS, 0, 0);
    oracle.predict(0, NO_INPUT, probabilities);
    assertThat(probabilities).containsExactly(0, 0, 1, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void replaysWhatWasRecorded() {
    trace.setScores(1, 0, 0, new float[] {0, 0.2f, 0.4f, 0.6f, 0.8f, 1, 0, 0, 0});
    TracePredictor replay = TracePredictor.replaying(trace, ScoreSet.LOOKAHEAD);
    assertThat(replay.horizon()).isEqualTo(3);
    replay.observe(0, NO_IDS, 0, 0); // of a prompt, without predictions
    replay.predictToken(7, probabilities);
    replay.observe(0, NO_IDS, 0, 0);
    replay.predict(0, NO_INPUT, probabilities);
    assertThat(probabilities).startsWith(0, 0.2f, 0.4f, 0.6f, 0.8f, 1);
    replay.reset();
    replay.predictToken(7, probabilities);
    assertThat(probabilities).containsExactly(1, 0, 0, 0, 1, 0, 0, 0, 1);
  }

  @Test
  void scoresMustHaveBeenRecorded() {
    assertThatThrownBy(() -> TracePredictor.replaying(trace, "aligned"))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("'aligned'");
  }
}

package io.foregate.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PredictorsTest {
  private static final Offset<Float> CLOSE = within(1e-5f);

  @Test
  void frequencyBeginsUniformAndFollowsTheCounts() {
    var predictor = new FrequencyPredictor(3, 4, 2, 2);
    var p = new float[8];
    predictor.predict(0, new float[0], p);
    assertThat(p).containsExactly(new float[] {.5f, .5f, .5f, .5f, .5f, .5f, .5f, .5f}, CLOSE);
    for (int i = 0; i < 96; i++) {
      predictor.observe(1, new int[] {9, 3, 0}, 1, 2);
    }
    predictor.predict(0, new float[0], p); // of layers 1 and 2
    assertThat(p).containsExactly(new float[] {.98f, .02f, .02f, .98f, .5f, .5f, .5f, .5f}, CLOSE);
    predictor.predictToken(5, p); // of layers 0 and 1
    assertThat(p).containsExactly(new float[] {.5f, .5f, .5f, .5f, .98f, .02f, .02f, .98f}, CLOSE);
    predictor.predict(2, new float[0], p); // of layers 0 and 1 of the next token
    assertThat(p).containsExactly(new float[] {.5f, .5f, .5f, .5f, .98f, .02f, .02f, .98f}, CLOSE);
    predictor.reset();
    predictor.predict(0, new float[0], p);
    assertThat(p[0]).isEqualTo(0.5f);
  }

  @Test
  void previousTokenPutsWhatWasUsedLastFirst() {
    var predictor = new PreviousTokenPredictor(2, 6, 2, 1);
    var p = new float[6];
    for (int i = 0; i < 50; i++) {
      predictor.observe(1, new int[] {0, 1}, 0, 2);
    }
    predictor.observe(1, new int[] {4, 2}, 0, 2);
    predictor.predict(0, new float[0], p);
    assertThat(p[4]).isEqualTo(p[2]).isGreaterThan(0.9f);
    assertThat(p[0]).isLessThanOrEqualTo(p[4]).isGreaterThan(p[3]);
    for (float value : p) {
      assertThat(value).isBetween(0f, 1f);
    }
    predictor.reset();
    predictor.predict(0, new float[0], p);
    assertThat(p[0]).isEqualTo(p[5]);
  }
}

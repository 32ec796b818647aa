package io.foregate.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class TopKTest {
  private static final Offset<Float> CLOSE = within(2e-3f);

  @Property
  void probabilitiesAddUpToKAndKeepTheOrder(
      @ForAll @Size(min = 2, max = 64) List<@FloatRange(min = -30, max = 30) Float> list,
      @ForAll @IntRange(min = 1, max = 8) int k,
      @ForAll @FloatRange(min = 0.1f, max = 4) float sharpness) {
    var scores = new float[list.size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = list.get(i);
    }
    int chosen = Math.min(k, scores.length - 1);
    float[] p = scores.clone();
    TopK.probabilities(p, 0, p.length, chosen, sharpness);
    float sum = 0;
    for (int i = 0; i < p.length; i++) {
      sum += p[i];
      assertThat(p[i]).isBetween(0f, 1f);
      for (int j = 0; j < p.length; j++) {
        if (scores[i] > scores[j]) {
          assertThat(p[i]).isGreaterThanOrEqualTo(p[j] - 1e-6f);
        }
      }
    }
    assertThat(sum).isCloseTo(chosen, within(0.01f));
  }

  @Test
  void equalScoresShareEvenly() {
    float[] p = {3, 3, 3, 3, 3, 3, 3, 3};
    TopK.probabilities(p, 0, 8, 2, 1);
    assertThat(p)
        .containsExactly(new float[] {.25f, .25f, .25f, .25f, .25f, .25f, .25f, .25f}, CLOSE);
  }

  @Test
  void logOddsThatAddUpGiveThemselves() {
    float[] wanted = {0.9f, 0.6f, 0.3f, 0.2f};
    float[] p = new float[4];
    for (int i = 0; i < 4; i++) {
      p[i] = (float) Math.log(wanted[i] / (1 - wanted[i])) + 7;
    }
    TopK.probabilities(p, 0, 4, 2, 1);
    assertThat(p).containsExactly(wanted, CLOSE);
  }

  @Test
  void allExpertsAreCertain() {
    float[] p = {-3, 100, 0.5f, 2};
    TopK.probabilities(p, 1, 3, 3, 1);
    assertThat(p).containsExactly(new float[] {-3, 1, 1, 1}, CLOSE);
  }

  @Test
  void theExponentialIsCloseToTheRealOne() {
    for (float x = -80; x < 80; x += 0.037f) {
      assertThat(FastExp.of(x) / Math.exp(x)).isCloseTo(1, within(1e-5));
    }
    assertThat(FastExp.of(1000)).isFinite().isGreaterThan(1e37f);
    assertThat(FastExp.of(-1000)).isBetween(0f, 1e-37f);
  }
}

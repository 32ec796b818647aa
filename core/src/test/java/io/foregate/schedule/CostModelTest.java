package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CostModelTest {
  private static final ExpertGrid GRID = new ExpertGrid(4, 8, 2);

  @Test
  void whatIsSaidCountsUntilSomethingIsMeasured() {
    CostModel costs = new CostModel(GRID, new Timings(5_000, 300, 700, 4_000), 1_000);
    assertThat(costs.copyNanos(1_000)).isEqualTo(5_000);
    assertThat(costs.attentionNanos(2)).isEqualTo(300);
    assertThat(costs.expertsNanos(2)).isEqualTo(1_400);
    costs.copied(1_000, 8_000);
    costs.attention(2, 400);
    assertThat(costs.copyNanos(1_000)).isEqualTo(8_000);
    assertThat(costs.attentionNanos(2)).isEqualTo(400);
    assertThat(costs.attentionNanos(1)).isEqualTo(300);
  }

  @Test
  void latencyAndSpeedAreToldApartByCopiesOfDifferentSizes() {
    CostModel costs = new CostModel(GRID, Timings.UNKNOWN, 1_000);
    for (int i = 0; i < 200; i++) {
      long bytes = i % 2 == 0 ? 1_000 : 9_000;
      costs.copied(bytes, 500 + 2 * bytes);
    }
    assertThat(costs.copyNanos(1_000)).isCloseTo(2_500, within(50.0));
    assertThat(costs.copyNanos(5_000)).isCloseTo(10_500, within(200.0));
  }

  @Test
  void aChangeOfSpeedIsLearnt() {
    CostModel costs = new CostModel(GRID, Timings.UNKNOWN, 1_000);
    for (int i = 0; i < 100; i++) {
      costs.copied(1_000, 1_000);
    }
    for (int i = 0; i < 100; i++) {
      costs.copied(1_000, 3_000);
    }
    assertThat(costs.copyNanos(1_000)).isCloseTo(3_000, within(30.0));
  }

  @Test
  void oneThreadThatWasPutAsideDoesNotChangeMuch() {
    CostModel costs = new CostModel(GRID, Timings.UNKNOWN, 1_000);
    for (int i = 0; i < 100; i++) {
      costs.attention(0, 1_000);
    }
    costs.attention(0, 1_000_000);
    assertThat(costs.attentionNanos(0)).isLessThan(1_300);
  }

  @Test
  void prefillIsKeptApart() {
    CostModel costs = new CostModel(GRID, Timings.UNKNOWN, 1_000);
    costs.attention(0, 1_000);
    costs.begin(64);
    costs.attention(0, 50_000);
    costs.begin(1);
    assertThat(costs.attentionNanos(0)).isEqualTo(1_000);
  }
}

package io.foregate.schedule.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CostModelTest {
  @Test
  void whatIsSaidCountsUntilSomethingIsMeasured() {
    CostModel costs = new CostModel(new Timings(5_000, 700, 4_000), 1_000);
    assertThat(costs.copyNanos(1_000)).isEqualTo(5_000);
    assertThat(costs.expertNanos()).isEqualTo(700);
    assertThat(costs.hostExpertNanos()).isEqualTo(4_000);
    costs.copied(1_000, 8_000);
    costs.expert(600, false);
    assertThat(costs.copyNanos(1_000)).isEqualTo(8_000);
    assertThat(costs.expertNanos()).isEqualTo(600);
    assertThat(costs.hostExpertNanos()).isEqualTo(4_000);
  }

  @Test
  void latencyAndSpeedAreToldApartByCopiesOfDifferentSizes() {
    CostModel costs = new CostModel(Timings.UNKNOWN, 1_000);
    for (int i = 0; i < 200; i++) {
      long bytes = i % 2 == 0 ? 1_000 : 9_000;
      costs.copied(bytes, 500 + 2 * bytes);
    }
    assertThat(costs.copyNanos(1_000)).isCloseTo(2_500, within(50.0));
    assertThat(costs.copyNanos(5_000)).isCloseTo(10_500, within(200.0));
  }

  @Test
  void aChangeOfSpeedIsLearnt() {
    CostModel costs = new CostModel(Timings.UNKNOWN, 1_000);
    for (int i = 0; i < 100; i++) {
      costs.copied(1_000, 1_000);
    }
    for (int i = 0; i < 100; i++) {
      costs.copied(1_000, 3_000);
    }
    assertThat(costs.copyNanos(1_000)).isCloseTo(3_000, within(30.0));
  }

  @Test
  void theProcessorIsNotJudgedByCodeThatHasNotRunBefore() {
    CostModel costs = new CostModel(Timings.UNKNOWN, 1_000);
    for (int nanos = 100_000; !costs.hostKnown(); nanos /= 3) {
      costs.expert(nanos, true);
    }
    assertThat(costs.hostExpertNanos()).isLessThan(2_000);
  }

  @Test
  void oneThreadThatWasPutAsideDoesNotChangeMuch() {
    CostModel costs = new CostModel(Timings.UNKNOWN, 1_000);
    for (int i = 0; i < 100; i++) {
      costs.expert(1_000, false);
    }
    costs.expert(1_000_000, false);
    assertThat(costs.expertNanos()).isLessThan(1_300);
  }

  @Test
  void whatCopyingCostsComputingIsMeasured() {
    CostModel costs = new CostModel(Timings.UNKNOWN, 1_000);
    for (int i = 0; i < 40; i++) {
      costs.overlap(1_200, true);
    }
    costs.begin();
    assertThat(costs.slowdown()).isZero(); // nothing is known of computing alone
    for (int i = 0; i < 40; i++) {
      costs.overlap(1_000, false);
    }
    assertThat(costs.slowdown()).isZero(); // it stays the same for a token
    costs.begin();
    assertThat(costs.slowdown()).isCloseTo(0.2, within(0.01));
  }

  @Test
  void copiesDoNotMakeComputingFaster() {
    CostModel costs = new CostModel(Timings.UNKNOWN, 1_000);
    for (int i = 0; i < 40; i++) {
      costs.overlap(900, true);
      costs.overlap(1_000, false);
    }
    costs.begin();
    assertThat(costs.slowdown()).isZero();
  }
}

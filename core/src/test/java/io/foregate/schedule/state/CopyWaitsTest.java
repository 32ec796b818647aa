package io.foregate.schedule.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CopyWaitsTest {
  private static final double EXPERT = 100;

  private static double share(int brought, int there, double copy) {
    var waits = new CopyWaits();
    waits.due(brought, there, copy, EXPERT);
    waits.begin();
    return waits.share();
  }

  @Test
  void whatIsThereHidesCopies() {
    assertThat(share(1, 3, 300)).isZero();
    assertThat(share(1, 3, 400)).isCloseTo(0.25, within(1e-9));
    assertThat(share(1, 0, 400)).isCloseTo(1, within(1e-9));
  }

  @Test
  void soDoesWhatHasJustCome() {
    // Copies end at 80, 160, 240; the first is waited for, the others come while one computes.
    assertThat(share(3, 0, 80)).isCloseTo(80 / 240.0, within(1e-9));
    // They end at 250 and 500; 100 are hidden at first, and 100 of the second.
    assertThat(share(2, 1, 250)).isCloseTo(300 / 500.0, within(1e-9));
  }

  @Test
  void unknownTimesAreNoMeasure() {
    var waits = new CopyWaits();
    waits.due(2, 0, 0, EXPERT);
    waits.due(2, 0, EXPERT, 0);
    waits.due(0, 4, EXPERT, EXPERT);
    waits.begin();
    assertThat(waits.share()).isEqualTo(1);
  }

  @Test
  void theShareStaysWithinATokenAndFollowsWhatHappens() {
    var waits = new CopyWaits();
    for (int i = 0; i < 100; i++) {
      waits.due(1, 0, 100, EXPERT);
    }
    assertThat(waits.share()).isEqualTo(1);
    waits.begin();
    for (int i = 0; i < 2000; i++) {
      waits.due(1, 1, 100, EXPERT);
    }
    assertThat(waits.share()).isCloseTo(1, within(1e-9));
    waits.begin();
    assertThat(waits.share()).isLessThan(0.01);
  }
}

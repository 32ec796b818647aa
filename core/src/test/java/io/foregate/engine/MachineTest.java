package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class MachineTest {
  @Test
  void majorFaultsAreTheTwelfthField() {
    assertThat(
            Machine.majorFaults(
                "4242 (a (b) 1 2 3) S 1 4242 4242 0 -1 4194560 70912 15 321 7 66 5 0 0 20 0"))
        .isEqualTo(321);
  }

  @Test
  void whatIsNoSuchLineTellsNothing() {
    assertThat(Machine.majorFaults("")).isEqualTo(-1);
    assertThat(Machine.majorFaults("1 (a) S 1 1")).isEqualTo(-1);
    assertThat(Machine.majorFaults("1 (a) S 1 1 1 0 -1 4 5 6 many 8 9 10")).isEqualTo(-1);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void linuxTells() {
    assertThat(Machine.majorFaults()).isNotNegative();
  }
}

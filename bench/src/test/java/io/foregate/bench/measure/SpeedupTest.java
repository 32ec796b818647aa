package io.foregate.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpeedupTest {

  @Test
  void pairsThatAgreeLeaveNoDoubt() {
    Speedup twice = Speedup.of(List.of(5L, 7L, 9L), List.of(10L, 14L, 18L));
    assertThat(twice.median()).isCloseTo(2, within(1e-12));
    assertThat(twice.low()).isCloseTo(2, within(1e-12));
    assertThat(twice.high()).isCloseTo(2, within(1e-12));
  }

  /** Logarithms 0 and ln 4: mean ln 2, standard error ln 2, t of one degree of freedom 12.706. */
  @Test
  void theIntervalIsStudents() {
    Speedup wide = Speedup.of(List.of(10L, 10L), List.of(10L, 40L));
    assertThat(wide.median()).isCloseTo(2, within(1e-12));
    assertThat(wide.low()).isCloseTo(Math.exp(Math.log(2) * (1 - 12.706)), within(1e-9));
    assertThat(wide.high()).isCloseTo(Math.exp(Math.log(2) * (1 + 12.706)), within(1e-3));
  }

  @Test
  void oneSampleSaysNothing() {
    assertThatThrownBy(() -> Speedup.of(List.of(1L), List.of(1L)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

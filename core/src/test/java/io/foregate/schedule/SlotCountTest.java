package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.foregate.error.ForegateException;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.ExpertGrid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlotCountTest {
  private static final ExpertGrid GRID = new ExpertGrid(12, 8, 2);
  private static final long SLOT = 1 << 20;

  @ParameterizedTest
  @CsvSource({
    "24,24",
    "25%,24",
    "50 %,48",
    "12.5%,12",
    "100%,96",
    "200,96",
    "24MiB,24",
    "24.9M,24",
    "1GiB,96",
    "25165824B,24"
  })
  void slotsByCountShareAndSize(String text, int slots) {
    assertThat(SlotCount.of(SlotBudget.parse(text), GRID, SLOT, Policy.lookahead()))
        .isEqualTo(slots);
  }

  @Test
  void autoIsForADeviceToSay() {
    assertThatThrownBy(
            () -> SlotCount.of(SlotBudget.parse(" AUTO "), GRID, SLOT, Policy.lookahead()))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("There is no device whose memory could be shared out automatically");
  }

  @Test
  void tooSmallABudgetIsRefusedWithTheNumbers() {
    assertThatThrownBy(() -> SlotCount.of(SlotBudget.parse("1"), GRID, SLOT, Policy.lookahead()))
        .isInstanceOf(ForegateException.class)
        .hasMessage(
            "1 slot of device memory holds 1 of the model's 96 experts, but policy lookahead needs"
                + " room for 2: the 2 that a token uses in a layer.")
        .asInstanceOf(type(ForegateException.class))
        .extracting(ForegateException::hint)
        .isEqualTo("Give at least slots 2 (2097152 bytes), or another policy.");
    assertThatThrownBy(() -> SlotCount.of(SlotBudget.parse("5 MiB"), GRID, SLOT, Policy.lru()))
        .hasMessageContaining(
            "policy lru needs room for 6: the 2 that a token uses in a layer and 4 to stage");
    assertThatThrownBy(() -> SlotCount.of(SlotBudget.parse("50%"), GRID, SLOT, Policy.resident()))
        .hasMessageContaining("policy resident needs room for 96: it keeps all of them resident");
  }
}

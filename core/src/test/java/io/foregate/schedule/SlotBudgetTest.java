package io.foregate.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.foregate.error.ForegateException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SlotBudgetTest {
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
    assertThat(SlotBudget.parse(text).slots(GRID, SLOT, Policy.lookahead())).isEqualTo(slots);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "many", "-3", "0", "0%", "101%", "2.5", "5 apples", "99999999999"})
  void nonsenseIsRefused(String text) {
    assertThatThrownBy(() -> SlotBudget.parse(text))
        .isInstanceOf(ForegateException.class)
        .hasMessage("'%s' is no amount of device memory for experts.", text);
  }

  @Test
  void autoIsForADeviceToSay() {
    assertThatThrownBy(() -> SlotBudget.parse(" AUTO ").slots(GRID, SLOT, Policy.lookahead()))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("There is no device")
        .hasMessageContaining("--expert-slots auto");
  }

  @Test
  void tooSmallABudgetIsRefusedWithTheNumbers() {
    assertThatThrownBy(() -> SlotBudget.parse("1").slots(GRID, SLOT, Policy.lookahead()))
        .isInstanceOf(ForegateException.class)
        .hasMessage(
            "1 slots of device memory hold 1 of the model's 96 experts, but policy lookahead needs"
                + " room for 2: the 2 that a token uses in a layer.")
        .asInstanceOf(type(ForegateException.class))
        .extracting(ForegateException::hint)
        .isEqualTo("Give at least --expert-slots 2 (2097152 bytes), or another --policy.");
    assertThatThrownBy(() -> SlotBudget.parse("5 MiB").slots(GRID, SLOT, Policy.lru()))
        .hasMessageContaining(
            "policy lru needs room for 6: the 2 that a token uses in a layer and 4 to stage");
    assertThatThrownBy(() -> SlotBudget.parse("50%").slots(GRID, SLOT, Policy.resident()))
        .hasMessageContaining("policy resident needs room for 96: it keeps all of them resident");
  }
}

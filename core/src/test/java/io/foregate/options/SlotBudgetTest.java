package io.foregate.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlotBudgetTest {
  @ParameterizedTest
  @ValueSource(strings = {"24", "25%", "12.5%", "1048576B", "auto"})
  void aBudgetIsReadAsItIsWritten(String text) {
    assertThat(SlotBudget.parse(text).text()).isEqualTo(text);
  }

  @Test
  void theDefaultIsWhatItsTextSays() {
    assertThat(SlotBudget.parse(SlotBudget.DEFAULT)).isEqualTo(SlotBudget.standard());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "many", "-3", "0", "0%", "101%", "2.5", "5 apples", "99999999999"})
  void nonsenseIsRefused(String text) {
    assertThatThrownBy(() -> SlotBudget.parse(text))
        .isInstanceOf(ForegateException.class)
        .hasMessage("'%s' is no amount of device memory for experts.", text);
  }
}

package io.foregate.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SizesTest {
  @Test
  void oneThingIsOne() {
    assertThat(Sizes.counted(1, "slot")).isEqualTo("1 slot");
    assertThat(Sizes.counted(0, "slot")).isEqualTo("0 slots");
    assertThat(Sizes.counted(2, "slot")).isEqualTo("2 slots");
  }
}

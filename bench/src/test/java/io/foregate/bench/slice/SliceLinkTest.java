package io.foregate.bench.slice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SliceLinkTest {
  @Test
  void hiddenIsTheShareOfCopiesThatNobodyWaitedFor() {
    assertThat(SliceLink.hidden(125, 100, 125)).isEqualTo(1);
    assertThat(SliceLink.hidden(125, 100, 145)).isCloseTo(0.8, within(1e-9));
    assertThat(SliceLink.hidden(125, 100, 225)).isEqualTo(0);
    assertThat(SliceLink.hidden(125, 100, 240)).as("slowed each other down").isEqualTo(0);
  }
}

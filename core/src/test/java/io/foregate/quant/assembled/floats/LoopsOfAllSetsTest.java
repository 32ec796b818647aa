package io.foregate.quant.assembled.floats;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.quant.assembled.function.InstructionSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Writes loops for instruction sets that this CPU may not have: registers must suffice. */
class LoopsOfAllSetsTest {
  @ParameterizedTest
  @EnumSource
  void registersSuffice(InstructionSet set) {
    for (ElementLoop loop : ElementLoop.values()) {
      assertThat(LoopFrame.each(set, loop)).isNotEmpty();
    }
    assertThat(LoopFrame.softmax(set)).isNotEmpty();
    assertThat(LoopFrame.dot(set)).isNotEmpty();
    assertThat(GemmFrame.write(set, GemmFrame.MAX_ROWS, true)).isNotEmpty();
  }
}

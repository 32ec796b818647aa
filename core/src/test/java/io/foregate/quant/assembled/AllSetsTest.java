package io.foregate.quant.assembled;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Writes every function for instruction sets that this CPU may not have: registers must suffice.
 * What they compute is tested where they run.
 */
class AllSetsTest {
  static Stream<Arguments> setsAndTypes() {
    return Arrays.stream(InstructionSet.values())
        .flatMap(set -> RowProducts.types().stream().map(type -> Arguments.of(set, type)));
  }

  @ParameterizedTest
  @MethodSource("setsAndTypes")
  void registersSuffice(InstructionSet set, GgmlType type) {
    RowProducts products = RowProducts.of(set).orElseThrow();
    int tokens = products.tokensAtOnce(RowProducts.MAX_TOKENS);
    assertThat(products.code(type, tokens)).isNotEmpty();
    if (RowProducts.hasPanels(type)) {
      assertThat(products.panelCode(type, tokens)).isNotEmpty();
      assertThat(products.unpackingCode(type)).isNotEmpty();
      assertThat(products.panelBytes(type, 256, 16)).isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource
  void soTheyDoInLoopsAndTiles(InstructionSet set) {
    for (ElementLoop loop : ElementLoop.values()) {
      assertThat(LoopFrame.each(set, loop)).isNotEmpty();
    }
    assertThat(LoopFrame.softmax(set)).isNotEmpty();
    assertThat(LoopFrame.dot(set)).isNotEmpty();
    assertThat(GemmFrame.write(set, GemmFrame.MAX_ROWS, true)).isNotEmpty();
  }

  @Test
  void aFunctionIsWrittenOnceWhenItIsNeeded() {
    var written = new ArrayList<Integer>();
    var functions =
        new WrittenFunctions(
            3,
            number -> {
              written.add(number);
              return new byte[] {(byte) 0xC3};
            });
    assertThat(written).isEmpty();
    assertThat(functions.get(2)).isEqualTo(functions.get(2));
    assertThat(written).containsExactly(2);
  }
}

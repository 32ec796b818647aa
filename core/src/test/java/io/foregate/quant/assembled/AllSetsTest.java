package io.foregate.quant.assembled;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.function.InstructionSet;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Writes every product for instruction sets that this CPU may not have: registers must suffice.
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
}

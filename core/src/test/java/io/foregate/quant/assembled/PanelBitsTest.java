package io.foregate.quant.assembled;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.assembly.CpuFeatures;
import io.foregate.gguf.GgmlType;
import io.foregate.oracle.RandomBlocks;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.format.Quants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows of a panel have the bits that they have as they are, however many and long they are. */
class PanelBitsTest {
  private static final int[] ROWS = {4, 5, 33, 67};
  private static final int[] COLUMNS = {256, 2048, 2304, 4864};
  private static final int TOKENS = 8;

  static Stream<Arguments> setsAndTypes() {
    return InstructionSet.of(CpuFeatures.detect()).stream()
        .flatMap(
            set ->
                RowProducts.types().stream()
                    .filter(RowProducts::hasPanels)
                    .map(type -> Arguments.of(set, type)));
  }

  @ParameterizedTest
  @MethodSource("setsAndTypes")
  void panelsChangeNoBit(InstructionSet set, GgmlType type) {
    RowProducts products = RowProducts.of(set).orElseThrow();
    for (int cols : COLUMNS) {
      for (int rows : ROWS) {
        assertSameBits(products, type, rows, cols);
      }
    }
  }

  private static void assertSameBits(RowProducts products, GgmlType type, int rows, int cols) {
    var random = new Random(rows);
    GgmlType dotType = Quants.dotType(type);
    long stride = ActivationLayout.of(dotType).rowBytes(cols);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(TOKENS * stride, 64);
      float[] values = new float[cols];
      for (int t = 0; t < TOKENS; t++) {
        for (int i = 0; i < cols; i++) {
          values[i] = (float) random.nextGaussian();
        }
        products.stores().store(dotType, MemorySegment.ofArray(values), 0, cols, x, t * stride);
      }
      byte[] bytes = new RandomBlocks(random).weights(type, rows * cols, 1);
      MemorySegment w = arena.allocate(bytes.length, 64).copyFrom(MemorySegment.ofArray(bytes));
      MemorySegment panel = arena.allocate(products.panelBytes(type, cols, rows), 64);
      products.unpack(type, w, 0, cols, rows, panel);
      for (int tokens = 1; tokens <= products.tokensAtOnce(TOKENS); tokens *= 2) {
        MemorySegment expected = arena.allocate((long) Float.BYTES * tokens * rows);
        MemorySegment actual = arena.allocate(expected.byteSize());
        products.multiply(type, w, 0, cols, rows, x, 0, stride, tokens, expected, rows);
        products.multiplyPanel(type, panel, cols, rows, x, 0, stride, tokens, actual, rows);
        assertThat(actual.mismatch(expected))
            .as("%d rows of %d columns with %d tokens", rows, cols, tokens)
            .isEqualTo(-1);
      }
    }
  }
}

package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.assembly.CpuFeatures;
import io.foregate.gguf.GgmlType;
import io.foregate.oracle.RandomBlocks;
import io.foregate.quant.assembled.ActivationLayout;
import io.foregate.quant.assembled.InstructionSet;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.format.Quants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Machine code on weights, activations and results of which each ends right before a page that is
 * not there, or begins right behind one; results have what must stay as it is between them.
 */
@EnabledOnOs(OS.LINUX)
class GuardPagesTest {
  private static final float POISON = -77.125f;

  /** Between two tokens' results. */
  private static final int GAP = 3;

  static Stream<Arguments> setsAndTypes() {
    return InstructionSet.of(CpuFeatures.detect()).stream()
        .flatMap(set -> RowProducts.types().stream().map(type -> Arguments.of(set, type)));
  }

  /** Where the memories are, by how much of each is needed. */
  private record Place(
      MemorySegment weights, MemorySegment x, MemorySegment y, MemorySegment panel) {}

  /** A product, and the activations that it needs. */
  private record Shape(GgmlType type, int rows, int cols, int tokens) {
    long xBytes() {
      ActivationLayout layout = ActivationLayout.of(Quants.dotType(type));
      return (long) cols / layout.elements() * layout.bytes();
    }

    long weightBytes() {
      return type.byteSize((long) rows * cols);
    }

    long yBytes() {
      return 4L * ((tokens - 1) * (rows + GAP) + rows);
    }

    boolean fitsPanel() {
      return RowProducts.hasPanels(type) && rows >= RowProducts.MIN_PANEL_ROWS;
    }

    Place place(RowProducts products, BiFunction<Integer, Long, MemorySegment> memory) {
      return new Place(
          memory.apply(0, weightBytes()),
          memory.apply(1, tokens * xBytes()),
          memory.apply(2, yBytes()),
          memory.apply(3, fitsPanel() ? products.panelBytes(type, cols, rows) : 0));
    }
  }

  @ParameterizedTest
  @MethodSource("setsAndTypes")
  void nothingBeyondIsTouched(InstructionSet set, GgmlType type) {
    RowProducts products = RowProducts.of(set).orElseThrow();
    long most = 1 << 16;
    try (var w = new GuardedMemory(most);
        var x = new GuardedMemory(most);
        var y = new GuardedMemory(most);
        var panel = new GuardedMemory(most)) {
      GuardedMemory[] memories = {w, x, y, panel};
      for (int tokens = 1; tokens <= RowProducts.MAX_TOKENS; tokens *= 2) {
        if (products.tokensAtOnce(tokens) < tokens) {
          break;
        }
        for (int rows : new int[] {1, 2, 5, 16, 19}) {
          for (int blocks : new int[] {1, 2, 3}) {
            // Rows of floats end within a vector.
            int cols = blocks * (type.blockSize() == 1 ? 33 : type.blockSize());
            var shape = new Shape(type, rows, cols, tokens);
            Place anywhere = shape.place(products, GuardPagesTest::anywhere);
            float[] expected = product(products, shape, anywhere, false);
            List<Place> places =
                List.of(
                    anywhere,
                    shape.place(products, (i, n) -> memories[i].first(n)),
                    shape.place(products, (i, n) -> memories[i].last(n)));
            for (Place place : places) {
              assertThat(product(products, shape, place, false)).isEqualTo(expected);
              if (shape.fitsPanel()) {
                assertThat(product(products, shape, place, true)).isEqualTo(expected);
              }
            }
          }
        }
      }
    }
  }

  private static MemorySegment anywhere(int which, long bytes) {
    return Arena.ofAuto().allocate(bytes, 64);
  }

  /** All of the results' memory, after a product of the same numbers. */
  private static float[] product(RowProducts products, Shape shape, Place place, boolean unpacked) {
    var random = new Random(shape.rows);
    place.weights.copyFrom(
        MemorySegment.ofArray(
            new RandomBlocks(random).weights(shape.type, shape.rows * shape.cols, 1)));
    float[] values = new float[shape.cols];
    for (int t = 0; t < shape.tokens; t++) {
      FloatArrays.setAll(values, i -> random.nextGaussian());
      GgmlType dotType = Quants.dotType(shape.type);
      products
          .stores()
          .store(
              dotType, MemorySegment.ofArray(values), 0, shape.cols, place.x, t * shape.xBytes());
    }
    int stride = shape.rows + GAP;
    for (long at = 0; at < place.y.byteSize(); at += 4) {
      place.y.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, POISON);
    }
    multiply(products, shape, place, stride, unpacked);
    float[] y = place.y.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    for (int i = 0; i < y.length; i++) {
      assertThat(y[i] == POISON).isEqualTo(i % stride >= shape.rows);
    }
    return y;
  }

  private static void multiply(
      RowProducts products, Shape shape, Place place, int stride, boolean unpacked) {
    GgmlType type = shape.type;
    int cols = shape.cols;
    int rows = shape.rows;
    int tokens = shape.tokens;
    long xBytes = shape.xBytes();
    if (unpacked) {
      products.unpack(type, place.weights, 0, cols, rows, place.panel);
      products.multiplyPanel(
          type, place.panel, cols, rows, place.x, 0, xBytes, tokens, place.y, stride);
    } else {
      products.multiply(
          type, place.weights, 0, cols, rows, place.x, 0, xBytes, tokens, place.y, stride);
    }
  }
}

package io.foregate.quant.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.oracle.RandomBlocks;
import io.foregate.quant.assembled.RowProducts;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.floats.ElementLoop;
import io.foregate.quant.assembled.floats.FloatLoops;
import io.foregate.quant.assembled.floats.TileProducts;
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
 * not there, or begins right behind one; results have what must stay as it is between them. The
 * emulator needs no such pages to tell what a function touches.
 */
@EnabledOnOs(OS.LINUX)
class GuardPagesTest {
  private static final float POISON = -77.125f;

  /** Between two tokens' results. */
  private static final int GAP = 3;

  static Stream<Arguments> setsAndTypes() {
    return MachineCode.all().stream()
        .flatMap(code -> RowProducts.types().stream().map(type -> Arguments.of(code, type)));
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
  void nothingBeyondIsTouched(MachineCode code, GgmlType type) {
    RowProducts products = code.products();
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
                code.emulated()
                    ? List.of(anywhere)
                    : List.of(
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

  static Stream<MachineCode> code() {
    return MachineCode.all().stream();
  }

  @ParameterizedTest
  @MethodSource("code")
  void loopsOverFloatsTouchNothingBeyond(MachineCode code) {
    FloatLoops loops = code.products().loops();
    long most = 1 << 12;
    try (var x = new GuardedMemory(most);
        var y = new GuardedMemory(most);
        var z = new GuardedMemory(most)) {
      for (int n = 0; n < 150; n++) {
        long bytes = 4L * n;
        float[] expected =
            loop(loops, n, anywhere(0, bytes), anywhere(1, bytes), anywhere(2, bytes));
        assertThat(loop(loops, n, x.first(bytes), y.first(bytes), z.first(bytes)))
            .isEqualTo(expected);
        assertThat(loop(loops, n, x.last(bytes), y.last(bytes), z.last(bytes))).isEqualTo(expected);
      }
    }
  }

  /** What all loops give, one after the other. */
  private static float[] loop(
      FloatLoops loops, int n, MemorySegment x, MemorySegment y, MemorySegment z) {
    float[] values = new float[n];
    var random = new Random(n);
    for (MemorySegment each : new MemorySegment[] {x, y, z}) {
      FloatArrays.setAll(values, i -> random.nextGaussian());
      each.copyFrom(MemorySegment.ofArray(values));
    }
    loops.each(ElementLoop.MULTIPLY_AND_ADD, x, y, y, 0.5f);
    loops.each(ElementLoop.SCALED_PRODUCT, x, y, z, 0.25f);
    loops.each(ElementLoop.SILU_PRODUCT, z, y, x, 0);
    loops.each(ElementLoop.CLAMPED_SILU_PRODUCT, z, x, z, 1.7f);
    loops.each(ElementLoop.SCALE, y, y, y, 0.75f);
    loops.each(ElementLoop.EXPONENTIAL, y, y, y, 0);
    loops.softmax(z);
    float[] all = new float[3 * n + 1];
    all[3 * n] = loops.dot(x, y);
    for (int i = 0; i < n; i++) {
      all[i] = x.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
      all[n + i] = y.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
      all[2 * n + i] = z.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("code")
  void tilesTouchNothingBeyond(MachineCode code) {
    TileProducts tiles = code.tiles();
    long most = 1 << 14;
    try (var a = new GuardedMemory(most);
        var b = new GuardedMemory(most);
        var c = new GuardedMemory(most)) {
      for (boolean f16 : new boolean[] {true, false}) {
        for (int m : new int[] {1, 3, 6}) {
          for (int n = 1; n < 70; n += 3) {
            int k = 5;
            int[] sizes = {m, n, k};
            long[] bytes = {4L * m * k, (f16 ? 2L : 4L) * k * n, 4L * m * n};
            float[] expected =
                tile(
                    tiles,
                    f16,
                    sizes,
                    anywhere(0, bytes[0]),
                    anywhere(1, bytes[1]),
                    anywhere(2, bytes[2]));
            MemorySegment[] first = {a.first(bytes[0]), b.first(bytes[1]), c.first(bytes[2])};
            assertThat(tile(tiles, f16, sizes, first[0], first[1], first[2])).isEqualTo(expected);
            MemorySegment[] last = {a.last(bytes[0]), b.last(bytes[1]), c.last(bytes[2])};
            assertThat(tile(tiles, f16, sizes, last[0], last[1], last[2])).isEqualTo(expected);
          }
        }
      }
    }
  }

  private static float[] tile(
      TileProducts tiles,
      boolean f16,
      int[] sizes,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c) {
    var random = new Random(sizes[1]);
    for (long at = 0; at < a.byteSize(); at += 4) {
      a.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, random.nextFloat());
    }
    for (long at = 0; at < b.byteSize(); at += 2) {
      b.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) random.nextInt(0x3C00));
    }
    c.fill((byte) 0);
    int m = sizes[0];
    int n = sizes[1];
    int k = sizes[2];
    tiles.multiply(a, 0, k, f16, b, 0, n, c, 0, n, m, n, k, true);
    return c.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }
}

package io.foregate.quant.assembled;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.function.FunctionRunner;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.WrittenFunctions;
import io.foregate.quant.assembled.lane.LaneTypes;
import io.foregate.quant.assembled.plane.ActivationOrder;
import io.foregate.quant.format.PlaneShape;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * Products of rows with tokens straight from {@link PlaneShape planes}, of the types where a
 * register of codes is as quickly made of them as of ggml's blocks: where other elements' codes lie
 * beside each other, it is the activations that are brought into that order. Results have the bits
 * of {@link RowProducts}. Lives as long as the process. Thread-safe.
 */
public final class PlaneProducts {
  @SuppressWarnings("restricted")
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(
                  ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS,
                  JAVA_LONG, JAVA_LONG, JAVA_LONG),
              Linker.Option.critical(false));

  @SuppressWarnings("restricted")
  private static final MethodHandle ORDER =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG),
              Linker.Option.critical(false));

  private final int maxTokens;

  /** By {@link RowProducts#number}. */
  private final WrittenFunctions products;

  /** By type, what brings activations into order. */
  private final WrittenFunctions orders;

  PlaneProducts(InstructionSet set, int maxTokens, FunctionRunner runner) {
    GgmlType[] types = GgmlType.values();
    this.maxTokens = maxTokens;
    this.products =
        RowProducts.written((type, tokens) -> LaneTypes.planeCode(set, type, tokens), runner);
    this.orders =
        new WrittenFunctions(
            types.length, i -> ActivationOrder.write(PlaneShape.of(types[i])), runner);
  }

  /** Whether a type has products here. */
  public static boolean has(GgmlType type) {
    return PlaneShape.TYPES.contains(type) && PlaneShape.of(type).isBlock();
  }

  /**
   * Brings a token's activations into the order in which the type's planes have their weights.
   *
   * @param x as {@link ActivationLayout} has them
   * @param to memory for as many bytes
   * @throws IndexOutOfBoundsException if one of the memories is too small
   */
  public void order(
      GgmlType type, int cols, MemorySegment x, long xAt, MemorySegment to, long toAt) {
    long blocks = cols / type.blockSize();
    long bytes = blocks * ActivationLayout.BLOCKS_OF_256.bytes();
    Objects.checkFromIndexSize(xAt, bytes, x.byteSize());
    Objects.checkFromIndexSize(toAt, bytes, to.byteSize());
    if (orders.areElsewhere()) {
      orders.call(type.ordinal(), to, x, xAt, to, toAt, blocks);
      return;
    }
    try {
      ORDER.invokeExact(orders.get(type.ordinal()), x, xAt, to, toAt, blocks);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * {@code y[t * yStride + r]} becomes the product of the matrix's row {@code first + r} with the
   * activations of token {@code t}, {@code xStride} bytes after those of the token before.
   *
   * @param planes of the matrix, from its first byte on
   * @param allRows of the matrix
   * @param x of {@link #order}
   * @param tokens a result of {@link RowProducts#tokensAtOnce}
   * @throws IndexOutOfBoundsException if one of the memories is too small
   */
  public void multiply(
      GgmlType type,
      MemorySegment planes,
      int allRows,
      int cols,
      int first,
      int rows,
      MemorySegment x,
      long xAt,
      long xStride,
      int tokens,
      MemorySegment y,
      int yStride) {
    RowProducts.checkSizes(type, cols, rows, x, xAt, xStride, tokens, y, yStride);
    PlaneShape shape = PlaneShape.of(type);
    long rowBlocks = cols / type.blockSize();
    long blocks = allRows * rowBlocks;
    long block = first * rowBlocks;
    Objects.checkFromIndexSize(first, rows, allRows);
    Objects.checkFromIndexSize(0, shape.bytes(blocks), planes.byteSize());
    int number = RowProducts.number(type, tokens, maxTokens);
    long low = block * shape.lowBytes();
    long scales = shape.scaleAt(blocks) + block * shape.scalePlaneBytes();
    long factors = shape.factorAt(blocks) + block * shape.factorBytes();
    long yBytes = 4L * yStride;
    if (products.areElsewhere()) {
      products.call(
          number,
          y,
          planes,
          low,
          scales,
          (long) rows,
          rowBlocks,
          x,
          xAt,
          y,
          xStride,
          yBytes,
          factors);
      return;
    }
    try {
      CALL.invokeExact(
          products.get(number),
          planes,
          low,
          scales,
          (long) rows,
          rowBlocks,
          x,
          xAt,
          y,
          xStride,
          yBytes,
          factors);
    } catch (RuntimeException | Error e) { // such as memory that was closed
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}

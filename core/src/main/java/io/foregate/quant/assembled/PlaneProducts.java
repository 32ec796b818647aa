package io.foregate.quant.assembled;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.foregate.assembly.CodeMemory;
import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.PlaneShape;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;

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

  private final InstructionSet set;
  private final int maxTokens;
  private final AtomicReferenceArray<Functions> written =
      new AtomicReferenceArray<>(GgmlType.values().length);

  /**
   * A type's code.
   *
   * @param order what brings activations into order
   */
  private record Functions(
      CodeMemory memory, MemorySegment order, List<MemorySegment> byLogOfTokens) {}

  PlaneProducts(InstructionSet set, int maxTokens) {
    this.set = set;
    this.maxTokens = maxTokens;
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
    try {
      ORDER.invokeExact(functions(type).order, x, xAt, to, toAt, blocks);
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
    PlaneShape shape = PlaneShape.of(type);
    long rowBlocks = cols / type.blockSize();
    long blocks = allRows * rowBlocks;
    long block = first * rowBlocks;
    long xBytes = rowBlocks * ActivationLayout.BLOCKS_OF_256.bytes();
    Objects.checkFromIndexSize(first, rows, allRows);
    Objects.checkFromIndexSize(0, shape.bytes(blocks), planes.byteSize());
    Objects.checkFromIndexSize(xAt, (tokens - 1) * xStride + xBytes, x.byteSize());
    Objects.checkFromIndexSize(0, 4L * ((tokens - 1L) * yStride + rows), y.byteSize());
    if (rows <= 0 || cols <= 0) {
      throw new IllegalArgumentException("%d rows of %d columns".formatted(rows, cols));
    }
    int log = Integer.numberOfTrailingZeros(tokens);
    try {
      CALL.invokeExact(
          functions(type).byLogOfTokens.get(log),
          planes,
          block * shape.lowBytes(),
          shape.scaleAt(blocks) + block * shape.scalePlaneBytes(),
          (long) rows,
          rowBlocks,
          x,
          xAt,
          y,
          xStride,
          4L * yStride,
          shape.factorAt(blocks) + block * shape.factorBytes());
    } catch (RuntimeException | Error e) { // such as memory that was closed
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private Functions functions(GgmlType type) {
    Functions functions = written.getAcquire(type.ordinal());
    return functions != null ? functions : write(type);
  }

  private synchronized Functions write(GgmlType type) {
    Functions functions = written.get(type.ordinal());
    if (functions == null) {
      functions = write(PlaneShape.of(type));
      written.set(type.ordinal(), functions);
    }
    return functions;
  }

  private Functions write(PlaneShape shape) {
    var code = new ByteArrayOutputStream();
    var begins = new ArrayList<Integer>();
    code.writeBytes(ActivationOrder.write(shape));
    for (int tokens = 1; tokens <= maxTokens; tokens *= 2) {
      code.writeBytes(new byte[-code.size() & 63]);
      begins.add(code.size());
      code.writeBytes(ProductFrame.writePlanes(set, shape, tokens));
    }
    CodeMemory memory =
        CodeMemory.of(code.toByteArray())
            .orElseThrow(() -> new IllegalStateException("the system lets no more code be run"));
    return new Functions(memory, memory.at(0), begins.stream().map(memory::at).toList());
  }
}

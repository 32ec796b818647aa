package io.foregate.quant.assembled.plane;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.function.FunctionRunner;
import io.foregate.quant.assembled.function.WrittenFunctions;
import io.foregate.quant.format.PlaneShape;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * Makes ggml's blocks out of {@link PlaneShape planes}, in machine code of AVX2 that is written
 * when a type is first asked for. {@link io.foregate.quant.format.PlaneRows} does the same in Java.
 * Lives as long as the process. Thread-safe.
 */
public final class PlaneReads {
  @SuppressWarnings("restricted")
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(
                  ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG),
              Linker.Option.critical(false));

  /** By type. */
  private final WrittenFunctions functions;

  /**
   * @param runner runs the functions; null for this CPU
   */
  public PlaneReads(FunctionRunner runner) {
    GgmlType[] types = GgmlType.values();
    this.functions =
        new WrittenFunctions(types.length, i -> PlaneFrame.write(PlaneShape.of(types[i])), runner);
  }

  /**
   * Writes blocks that follow each other. Allocates nothing.
   *
   * @param planes of a matrix, from its first byte on; native memory, as {@code out}
   * @param blocks of the whole matrix
   * @param first the first one's number in the matrix
   * @param count how many
   * @param out for so many blocks, or more
   * @throws IllegalArgumentException for a type that has no planes
   * @throws IndexOutOfBoundsException if the matrix has no such blocks, or a memory is too small
   */
  public void read(
      GgmlType type, MemorySegment planes, long blocks, long first, int count, MemorySegment out) {
    PlaneShape shape = PlaneShape.of(type);
    Objects.checkFromIndexSize(first, count, blocks);
    Objects.checkFromIndexSize(0, shape.bytes(blocks), planes.byteSize());
    Objects.checkFromIndexSize(0, (long) count * type.blockBytes(), out.byteSize());
    if (out.isReadOnly()) {
      throw new IllegalArgumentException("the memory for blocks is read-only");
    }
    if (count == 0) {
      return;
    }
    long low = first * shape.lowBytes();
    long high = shape.highAt(blocks) + first * shape.highBytes();
    long scales = shape.scaleAt(blocks) + first * shape.scalePlaneBytes();
    long factors = shape.factorAt(blocks) + first * shape.factorBytes();
    int number = type.ordinal();
    if (functions.areElsewhere()) {
      functions.call(number, out, planes, low, high, scales, factors, out, (long) count);
      return;
    }
    try {
      CALL.invokeExact(
          functions.get(number), planes, low, high, scales, factors, out, (long) count);
    } catch (RuntimeException | Error e) { // such as memory that was closed
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}

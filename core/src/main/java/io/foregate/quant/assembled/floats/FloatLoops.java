package io.foregate.quant.assembled.floats;

import static java.lang.foreign.MemorySegment.ofArray;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.foregate.quant.assembled.function.FunctionRunner;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.WrittenFunctions;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * Loops over floats: sums, what is made element by element, and softmax. Offsets count elements.
 * Lives as long as the process. Thread-safe.
 *
 * <p>An element's result has the same bits wherever it is in an array, and sums are made in an
 * order that depends on their length alone.
 *
 * <p>All throw {@link IndexOutOfBoundsException} if one of the arrays is too small. An array's
 * segment is made where it is passed on: so it is no object once the JIT has compiled the method,
 * whatever it is inlined into.
 */
public final class FloatLoops {
  @SuppressWarnings("restricted")
  private static final MethodHandle EACH =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(
                  ADDRESS,
                  JAVA_LONG,
                  ADDRESS,
                  JAVA_LONG,
                  ADDRESS,
                  JAVA_LONG,
                  JAVA_LONG,
                  JAVA_FLOAT),
              Linker.Option.critical(true));

  @SuppressWarnings("restricted")
  private static final MethodHandle DOT =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(JAVA_FLOAT, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG),
              Linker.Option.critical(true));

  /** Elements of a call: it holds up safepoints, so it must be short. */
  private static final int CALL_ELEMENTS = 1 << 15;

  // Functions after those of ElementLoop.
  private static final int SOFTMAX_FUNCTION = ElementLoop.values().length;
  private static final int DOT_FUNCTION = SOFTMAX_FUNCTION + 1;

  private final WrittenFunctions functions;

  /**
   * Loops for an instruction set that the CPU has, where the system lets code be run.
   *
   * @param runner runs the functions; null for this CPU
   */
  public FloatLoops(InstructionSet set, FunctionRunner runner) {
    this.functions = new WrittenFunctions(DOT_FUNCTION + 1, number -> code(set, number), runner);
  }

  private static byte[] code(InstructionSet set, int number) {
    if (number == DOT_FUNCTION) {
      return LoopFrame.dot(set);
    }
    return number == SOFTMAX_FUNCTION
        ? LoopFrame.softmax(set)
        : LoopFrame.each(set, ElementLoop.values()[number]);
  }

  /** Makes {@code n} elements of {@code out}; the arrays may be the same. */
  public void each(
      ElementLoop loop,
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      float[] out,
      int outAt,
      int n,
      float factor) {
    if (n > CALL_ELEMENTS) {
      for (int i = 0; i < n; i += CALL_ELEMENTS) {
        int some = Math.min(CALL_ELEMENTS, n - i);
        each(loop, x, xAt + i, y, yAt + i, out, outAt + i, some, factor);
      }
      return;
    }
    check(x, xAt, n);
    check(y, yAt, n);
    check(out, outAt, n);
    if (functions.areElsewhere()) {
      elsewhere(loop.ordinal(), ofArray(x), xAt, ofArray(y), yAt, ofArray(out), outAt, n, factor);
      return;
    }
    try {
      EACH.invokeExact(
          functions.get(loop.ordinal()),
          ofArray(x),
          4L * xAt,
          ofArray(y),
          4L * yAt,
          ofArray(out),
          4L * outAt,
          (long) n,
          factor);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** The same in whole memories off the heap, of the same size. */
  public void each(
      ElementLoop loop, MemorySegment x, MemorySegment y, MemorySegment out, float factor) {
    long n = elements(x, y, out);
    if (functions.areElsewhere()) {
      elsewhere(loop.ordinal(), x, 0, y, 0, out, 0, n, factor);
      return;
    }
    try {
      EACH.invokeExact(functions.get(loop.ordinal()), x, 0L, y, 0L, out, 0L, n, factor);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** Replaces {@code n} elements by their softmax. */
  public void softmax(float[] x, int at, int n) {
    check(x, at, n);
    if (functions.areElsewhere()) {
      MemorySegment all = ofArray(x);
      elsewhere(SOFTMAX_FUNCTION, all, at, all, at, all, at, n, 0);
      return;
    }
    try {
      MemorySegment all = ofArray(x);
      long offset = 4L * at;
      EACH.invokeExact(
          functions.get(SOFTMAX_FUNCTION), all, offset, all, offset, all, offset, (long) n, 0f);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** The same of a whole memory off the heap. */
  public void softmax(MemorySegment x) {
    long n = elements(x, x, x);
    if (functions.areElsewhere()) {
      elsewhere(SOFTMAX_FUNCTION, x, 0, x, 0, x, 0, n, 0);
      return;
    }
    try {
      EACH.invokeExact(functions.get(SOFTMAX_FUNCTION), x, 0L, x, 0L, x, 0L, n, 0f);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** The sum of products of {@code n} elements. */
  public float dot(float[] x, int xAt, float[] y, int yAt, int n) {
    check(x, xAt, n);
    check(y, yAt, n);
    if (functions.areElsewhere()) {
      return dotElsewhere(ofArray(x), xAt, ofArray(y), yAt, n);
    }
    try {
      return (float)
          DOT.invokeExact(
              functions.get(DOT_FUNCTION), ofArray(x), 4L * xAt, ofArray(y), 4L * yAt, (long) n);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  /** The same of whole memories off the heap, of the same size. */
  public float dot(MemorySegment x, MemorySegment y) {
    long n = elements(x, y, y);
    if (functions.areElsewhere()) {
      return dotElsewhere(x, 0, y, 0, n);
    }
    try {
      return (float) DOT.invokeExact(functions.get(DOT_FUNCTION), x, 0L, y, 0L, n);
    } catch (Throwable e) {
      throw failure(e);
    }
  }

  private void elsewhere(
      int function,
      MemorySegment x,
      int xAt,
      MemorySegment y,
      int yAt,
      MemorySegment out,
      int outAt,
      long n,
      float factor) {
    functions.call(function, out, x, 4L * xAt, y, 4L * yAt, out, 4L * outAt, n, factor);
  }

  private float dotElsewhere(MemorySegment x, int xAt, MemorySegment y, int yAt, long n) {
    return functions.call(DOT_FUNCTION, null, x, 4L * xAt, y, 4L * yAt, n);
  }

  private static void check(float[] x, int at, int n) {
    Objects.checkFromIndexSize(at, n, x.length);
  }

  private static long elements(MemorySegment x, MemorySegment y, MemorySegment out) {
    long bytes = out.byteSize();
    if (x.byteSize() != bytes || y.byteSize() != bytes || bytes % 4 != 0) {
      throw new IllegalArgumentException(
          "memories of %d, %d and %d bytes".formatted(x.byteSize(), y.byteSize(), bytes));
    }
    return bytes / 4;
  }

  /** What a call threw, such as that memory was closed. */
  private static Error failure(Throwable e) {
    switch (e) {
      case RuntimeException unchecked -> throw unchecked;
      case Error error -> throw error;
      default -> throw new AssertionError(e);
    }
  }
}

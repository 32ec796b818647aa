package io.foregate.quant.assembled.activation;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.function.FunctionRunner;
import io.foregate.quant.assembled.function.WrittenFunctions;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * Stores activations as {@link ActivationLayout} has them, in machine code of AVX2 and F16C. Lives
 * as long as the process. Thread-safe.
 */
public final class ActivationStores {
  @SuppressWarnings("restricted")
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG),
              Linker.Option.critical(true));

  private final WrittenFunctions functions;

  /**
   * @param runner runs the functions; null for this CPU
   */
  public ActivationStores(FunctionRunner runner) {
    GgmlType[] types = GgmlType.values();
    this.functions =
        new WrittenFunctions(types.length, i -> ActivationFrame.write(code(types[i])), runner);
  }

  /**
   * Stores {@code cols} floats from element {@code fromAt} on at byte {@code at}.
   *
   * @param from floats, on the heap or not
   * @param type a {@code vec_dot_type} whose blocks divide {@code cols}
   * @throws IndexOutOfBoundsException if one of the memories is too small
   */
  public void store(
      GgmlType type, MemorySegment from, int fromAt, int cols, MemorySegment to, long at) {
    ActivationLayout layout = ActivationLayout.of(type);
    Objects.checkFromIndexSize(4L * fromAt, 4L * cols, from.byteSize());
    if (cols <= 0 || cols % layout.elements() != 0) {
      throw new IllegalArgumentException("%d columns of %s".formatted(cols, type));
    }
    Objects.checkFromIndexSize(at, (long) cols / layout.elements() * layout.bytes(), to.byteSize());
    if (type == GgmlType.F32) {
      MemorySegment.copy(from, 4L * fromAt, to, at, 4L * cols);
      return;
    }
    if (functions.areElsewhere()) {
      functions.call(type.ordinal(), to, from, 4L * fromAt, to, at, (long) cols);
      return;
    }
    try {
      CALL.invokeExact(functions.get(type.ordinal()), from, 4L * fromAt, to, at, (long) cols);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static ActivationCode code(GgmlType type) {
    return switch (type) {
      case F16, BF16 -> new RoundedFloats(type);
      case Q8_0 -> new Codes32(false);
      case Q8_1 -> new Codes32(true);
      case Q8_K -> new Codes256();
      default -> throw new IllegalArgumentException("no activations are " + type);
    };
  }
}

package io.foregate.quant.vector;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Pages of Linux between two that nobody may touch: one byte too far ends the process. */
final class GuardedMemory implements AutoCloseable {
  private static final long PAGE = 4096;
  private static final int NO_ACCESS = 0;
  private static final int READ_AND_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;

  private static final MethodHandle MMAP =
      function(
          "mmap",
          FunctionDescriptor.of(
              ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MPROTECT =
      function("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle MUNMAP =
      function("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));

  private final MemorySegment all;
  private final MemorySegment inside;

  /**
   * @param bytes that must fit between the guards
   */
  GuardedMemory(long bytes) {
    long pages = Math.ceilDiv(bytes, PAGE);
    this.all = map((pages + 2) * PAGE);
    this.inside = all.asSlice(PAGE, pages * PAGE);
    int failed = (int) call(MPROTECT, inside, inside.byteSize(), READ_AND_WRITE);
    if (failed != 0) {
      throw new AssertionError("mprotect gave " + failed);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }

  @SuppressWarnings("restricted")
  private static MemorySegment map(long bytes) {
    var at =
        (MemorySegment) call(MMAP, MemorySegment.NULL, bytes, NO_ACCESS, PRIVATE_ANONYMOUS, -1, 0L);
    if (at.address() == -1) {
      throw new AssertionError("mmap has no memory");
    }
    return at.reinterpret(bytes);
  }

  private static Object call(MethodHandle function, Object... arguments) {
    try {
      return function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Memory right behind the first guard. */
  MemorySegment first(long bytes) {
    return inside.asSlice(0, bytes);
  }

  /** Memory right before the second guard. */
  MemorySegment last(long bytes) {
    return inside.asSlice(inside.byteSize() - bytes);
  }

  @Override
  public void close() {
    call(MUNMAP, all, all.byteSize());
  }
}

package io.foregate.store;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Optional;

/** {@code mlock} and {@code munlock} of POSIX, where the C library has them. */
final class PosixMemoryLock implements MemoryLock {
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  // The same numbers on Linux, macOS and the BSDs.
  private static final int EPERM = 1;
  private static final int ENOMEM = 12;

  @Override
  public Optional<String> lock(MemorySegment memory) {
    return call("mlock", memory);
  }

  @Override
  public void unlock(MemorySegment memory) {
    // Nothing to be done about a refusal: the memory is about to be given back anyway.
    call("munlock", memory);
  }

  @SuppressWarnings("restricted")
  private static Optional<String> call(String function, MemorySegment memory) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> address = linker.defaultLookup().find(function);
    if (address.isEmpty()) {
      return Optional.of("this system has no " + function);
    }
    var descriptor =
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
    MethodHandle handle =
        linker.downcallHandle(address.get(), descriptor, Linker.Option.captureCallState("errno"));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int result = (int) handle.invokeExact(state, memory, memory.byteSize());
      return result == 0 ? Optional.empty() : Optional.of(reason((int) ERRNO.get(state, 0L)));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static String reason(int errno) {
    return switch (errno) {
      case EPERM, ENOMEM -> "RLIMIT_MEMLOCK forbids it";
      default -> "the system refuses it with error number " + errno;
    };
  }
}

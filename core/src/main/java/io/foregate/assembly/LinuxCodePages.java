package io.foregate.assembly;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** Pages by Linux's {@code mmap} and {@code mprotect}. */
record LinuxCodePages(MethodHandle mmap, MethodHandle mprotect, MethodHandle munmap)
    implements CodePages {
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final long MAP_FAILED = -1;

  /** Empty on a system of another name: the numbers above are Linux's. */
  @SuppressWarnings("restricted")
  static Optional<LinuxCodePages> find(String system) {
    if (!system.equals("Linux")) {
      return Optional.empty();
    }
    Linker linker = Linker.nativeLinker();
    SymbolLookup lookup = linker.defaultLookup();
    var address = ValueLayout.ADDRESS;
    var word = ValueLayout.JAVA_LONG;
    var number = ValueLayout.JAVA_INT;
    return Optional.of(
        new LinuxCodePages(
            linker.downcallHandle(
                lookup.findOrThrow("mmap"),
                FunctionDescriptor.of(word, word, word, number, number, number, word)),
            linker.downcallHandle(
                lookup.findOrThrow("mprotect"),
                FunctionDescriptor.of(number, address, word, number)),
            linker.downcallHandle(
                lookup.findOrThrow("munmap"), FunctionDescriptor.of(number, address, word))));
  }

  @Override
  @SuppressWarnings("restricted")
  public Optional<MemorySegment> writable(long bytes) {
    try {
      int access = PROT_READ | PROT_WRITE;
      long at = (long) mmap.invokeExact(0L, bytes, access, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      return at == MAP_FAILED
          ? Optional.empty()
          : Optional.of(MemorySegment.ofAddress(at).reinterpret(bytes));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public boolean makeExecutable(MemorySegment memory) {
    try {
      return (int) mprotect.invokeExact(memory, memory.byteSize(), PROT_READ | PROT_EXEC) == 0;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void release(MemorySegment memory) {
    try {
      int _ = (int) munmap.invokeExact(memory, memory.byteSize());
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}

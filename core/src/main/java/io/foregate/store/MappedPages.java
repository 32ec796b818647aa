package io.foregate.store;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Pages of a mapped file that have been read and will not be needed: they leave this process, so
 * that what was made of them is there once. A page that is read again comes back, from the system's
 * cache or from the file.
 */
final class MappedPages {
  private static final int PAGE = 4096;

  /** {@code MADV_DONTNEED} of Linux. */
  private static final int DONT_NEED = 4;

  /** {@code madvise}, on Linux. */
  private static final Optional<MethodHandle> ADVISE = advise();

  private MappedPages() {}

  @SuppressWarnings("restricted")
  private static Optional<MethodHandle> advise() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Optional.empty();
    }
    var descriptor =
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT);
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("madvise")
        .map(address -> linker.downcallHandle(address, descriptor));
  }

  /**
   * Lets go of a part of a mapped file, if it is one that is only read; where the system does not
   * know how, nothing happens.
   */
  static void letGo(MemorySegment memory) {
    // What was written to other memory would be lost.
    if (!memory.isMapped() || !memory.isReadOnly() || ADVISE.isEmpty()) {
      return;
    }
    long from = memory.address() / PAGE * PAGE;
    long bytes = memory.address() + memory.byteSize() - from;
    try {
      int _ = (int) ADVISE.get().invokeExact(from, bytes, DONT_NEED);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}

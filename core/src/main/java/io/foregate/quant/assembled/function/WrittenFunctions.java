package io.foregate.quant.assembled.function;

import io.foregate.assembly.CodeMemory;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;

/**
 * Functions in machine code, each written when it is first asked for, which takes up to some
 * milliseconds. They live as long as the process. Thread-safe; a function that is there takes no
 * lock.
 */
public final class WrittenFunctions {
  private final AtomicReferenceArray<MemorySegment> written;
  private final IntFunction<byte[]> writer;

  /**
   * @param writer makes a function's code, of its number
   */
  public WrittenFunctions(int count, IntFunction<byte[]> writer) {
    this.written = new AtomicReferenceArray<>(count);
    this.writer = writer;
  }

  /** Whether the system lets code be run that was written. */
  public static boolean arePossible() {
    Optional<CodeMemory> probe = CodeMemory.of(new byte[] {(byte) 0xC3});
    probe.ifPresent(CodeMemory::close);
    return probe.isPresent();
  }

  /**
   * Where a function begins.
   *
   * @throws IllegalStateException if the system lets no more code be run
   */
  public MemorySegment get(int number) {
    MemorySegment function = written.getAcquire(number);
    return function != null ? function : write(number);
  }

  private synchronized MemorySegment write(int number) {
    MemorySegment function = written.get(number);
    if (function == null) {
      function =
          CodeMemory.of(writer.apply(number))
              .orElseThrow(() -> new IllegalStateException("the system lets no more code be run"))
              .at(0);
      written.setRelease(number, function);
    }
    return function;
  }
}

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

  /** Null if this CPU runs them. */
  private final FunctionRunner runner;

  /**
   * @param writer makes a function's code, of its number
   * @param runner runs the functions; null for this CPU
   */
  public WrittenFunctions(int count, IntFunction<byte[]> writer, FunctionRunner runner) {
    this.written = new AtomicReferenceArray<>(count);
    this.writer = writer;
    this.runner = runner;
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

  /** Whether functions are called by {@link #call}, as this CPU does not run them. */
  public boolean areElsewhere() {
    return runner != null;
  }

  /** Calls a function where they are elsewhere; see {@link FunctionRunner#call}. */
  public float call(int number, MemorySegment written, Object... arguments) {
    return runner.call(get(number), written, arguments);
  }

  private synchronized MemorySegment write(int number) {
    MemorySegment function = written.get(number);
    if (function == null) {
      byte[] code = writer.apply(number);
      function = runner != null ? runner.load(code) : load(code);
      written.setRelease(number, function);
    }
    return function;
  }

  private static MemorySegment load(byte[] code) {
    return CodeMemory.of(code)
        .orElseThrow(() -> new IllegalStateException("the system lets no more code be run"))
        .at(0);
  }
}

package io.foregate.assembly;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Code that the CPU may run: pages that were written first and are executable after, never both.
 * Whoever made it keeps it open as long as any thread may be inside, and closes it then.
 */
public final class CodeMemory implements AutoCloseable {
  private final CodePages pages;
  private final MemorySegment code;
  private final AtomicBoolean closed = new AtomicBoolean();

  private CodeMemory(CodePages pages, MemorySegment code) {
    this.pages = pages;
    this.code = code;
  }

  /**
   * Makes code runnable.
   *
   * @return empty where the system has no such memory or refuses it, as hardened kernels do
   * @throws IllegalArgumentException if there is no code
   */
  public static Optional<CodeMemory> of(byte[] code) {
    return LinuxCodePages.find(System.getProperty("os.name")).flatMap(pages -> of(code, pages));
  }

  /** The same, in pages of {@code pages}. */
  static Optional<CodeMemory> of(byte[] code, CodePages pages) {
    if (code.length == 0) {
      throw new IllegalArgumentException("no code: 0 bytes were given, and at least 1 is needed");
    }
    return pages.writable(code.length).flatMap(memory -> of(code, pages, memory));
  }

  private static Optional<CodeMemory> of(byte[] code, CodePages pages, MemorySegment memory) {
    MemorySegment.copy(code, 0, memory, ValueLayout.JAVA_BYTE, 0, code.length);
    var result = new CodeMemory(pages, memory);
    if (!pages.makeExecutable(memory)) {
      result.close();
      return Optional.empty();
    }
    return Optional.of(result);
  }

  /**
   * Where a function begins whose label stands at {@code offset}. It must not be called, nor code
   * be read from it, after {@link #close}.
   */
  public MemorySegment at(long offset) {
    if (closed.get()) {
      throw new IllegalStateException("the code's memory is closed");
    }
    return code.asSlice(offset);
  }

  /** Gives the pages back. No thread may be inside, or enter later. Again it does nothing. */
  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      pages.release(code);
    }
  }
}

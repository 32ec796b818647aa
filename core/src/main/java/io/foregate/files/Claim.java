package io.foregate.files;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Keeps others from a file that a run goes on with and writes at its end: two runs would each write
 * what they know, and the last one would win without a word. The lock is on a file beside it, as a
 * file that is written anew is another one to the operating system each time. Of a run that was
 * killed an empty {@code NAME.lock} stays, which stops nobody.
 *
 * <p>May be closed by any thread, and twice.
 */
public final class Claim implements AutoCloseable {
  private final Path lockFile;
  private PartLock lock;

  private Claim(Path lockFile, PartLock lock) {
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /**
   * Claims a file, which need not be there.
   *
   * @throws ForegateException if another run has claimed it, or nothing can be written beside it
   */
  public static Claim take(Path file) {
    Path lockFile = lockFile(file);
    try {
      String busy = file + ": another run is using it";
      return new Claim(lockFile, PartLock.take(lockFile, FileKind.EMPTY, busy));
    } catch (IOException e) {
      throw PartFile.cannotOpen(file, e);
    }
  }

  /**
   * Refuses a file that another run has claimed, before the work.
   *
   * @throws ForegateException as {@link #take}
   */
  public static void requireFree(Path file) {
    take(file).close();
  }

  /** Where the lock of a file is. */
  static Path lockFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".lock");
  }

  @Override
  public synchronized void close() {
    if (lock == null) {
      return;
    }
    try (PartLock _ = lock) {
      // While it is held: whoever opened it meanwhile sees that it is gone, and makes another.
      Files.deleteIfExists(lockFile);
    } catch (IOException e) {
      // Its folder has gone, or may not be written any more: an empty file stays at the worst.
    } finally {
      lock = null;
    }
  }
}

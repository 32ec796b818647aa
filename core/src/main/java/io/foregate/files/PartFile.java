package io.foregate.files;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * A file that comes into being at once or not at all: written as {@code NAME.part}, forced to disk,
 * then renamed to {@code NAME}. A lock on the part tells whether its writer lives, so that what a
 * killed one left does not stop the next. Written by one thread; {@link #close} may be called by
 * any.
 */
public final class PartFile implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 20;

  private final Path target;
  private final Path part;
  private final PartLock lock;
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final MemorySegment bufferBytes = MemorySegment.ofBuffer(buffer);
  private long flushed;
  private long needed;
  private boolean done;

  private PartFile(Path target, PartLock lock) {
    this.target = target;
    this.part = part(target);
    this.lock = lock;
    this.channel = lock.channel();
  }

  /**
   * Begins to write a file, whose name it keeps free of anything unfinished. What a writer that was
   * killed has left is replaced.
   *
   * @param kind what is written, by which what an earlier writer left is known
   * @throws ForegateException if the target cannot be a file, its directory cannot be written to,
   *     somebody is writing it, or somebody else's file has the unfinished one's name
   */
  public static PartFile create(Path target, FileKind kind) {
    requireFile(target);
    try {
      PartLock lock = take(target, kind);
      try {
        lock.channel().truncate(0);
        return new PartFile(target, lock);
      } catch (IOException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw cannotOpen(target, e);
    }
  }

  /**
   * Goes on with a file that {@link #create} began and a killed run left, after so many bytes.
   *
   * @throws ForegateException if it is shorter, or as {@link #create}
   */
  public static PartFile resume(Path target, FileKind kind, long bytes) {
    requireFile(target);
    PartLock lock = null;
    try {
      lock = take(target, kind);
      FileChannel channel = lock.channel();
      if (channel.size() < bytes) {
        throw new ForegateException(
            "%s: has %d bytes, expected %d at least".formatted(part(target), channel.size(), bytes),
            "Start again.");
      }
      channel.truncate(bytes).position(bytes);
      var file = new PartFile(target, lock);
      file.flushed = bytes;
      return file;
    } catch (IOException e) {
      closeQuietly(lock);
      throw cannotOpen(target, e);
    } catch (ForegateException e) {
      closeQuietly(lock);
      throw e;
    }
  }

  private static PartLock take(Path target, FileKind kind) throws IOException {
    return PartLock.take(part(target), kind, part(target) + ": another run is writing it");
  }

  private static void requireFile(Path target) {
    if (Files.isDirectory(target)) {
      throw new ForegateException(
          target + ": is a directory and not a regular file", "Give the path of a file to write.");
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      throw new ForegateException(
          target + ": exists and is not a regular file", "Give the path of a file to write.");
    }
  }

  static ForegateException cannotOpen(Path target, IOException e) {
    return switch (e) {
      case NoSuchFileException _ ->
          new ForegateException(
              target + ": there is no such directory to write to",
              "Create the directory first.",
              e);
      case AccessDeniedException _ ->
          new ForegateException(
              target + ": no permission to write in that directory",
              "Choose another directory.",
              e);
      default ->
          new ForegateException(
              "%s: cannot write the file: %s".formatted(target, InputFile.reason(e)),
              "Check the disk and the path.",
              e);
    };
  }

  private static void closeQuietly(PartLock lock) {
    try {
      if (lock != null) {
        lock.close();
      }
    } catch (IOException e) {
      // What is told is why it could not be used.
    }
  }

  /** Where a file is while it is unfinished. */
  public static Path part(Path target) {
    return target.resolveSibling(target.getFileName() + ".part");
  }

  /** Bytes written so far. */
  public long position() {
    return flushed + buffer.position();
  }

  /**
   * Fails early if the disk has no room for so many bytes in all.
   *
   * @throws ForegateException if it has not
   */
  public void requireSpace(long bytes) {
    needed = bytes;
    OptionalLong free = free();
    if (free.isPresent() && free.getAsLong() < bytes - flushed) {
      throw new ForegateException(
          "%s: needs %s, and the disk has room for %s"
              .formatted(target, bytes(bytes - flushed), bytes(free.getAsLong())),
          "Free some space, or choose another disk.");
    }
  }

  /** Bytes that the disk has left, where that is known: some network file systems say 0 of 0. */
  private OptionalLong free() {
    try {
      FileStore disk = Files.getFileStore(part);
      return disk.getTotalSpace() > 0
          ? OptionalLong.of(disk.getUsableSpace())
          : OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  private static String bytes(long bytes) {
    return bytes < 10_000
        ? "%,d bytes".formatted(bytes)
        : String.format(Locale.ROOT, "%,d bytes (%.1f MiB)", bytes, bytes / 0x1p20);
  }

  /** Appends bytes. */
  public void write(MemorySegment bytes) {
    long from = 0;
    while (from < bytes.byteSize()) {
      if (!buffer.hasRemaining()) {
        flush();
      }
      int length = (int) Math.min(buffer.remaining(), bytes.byteSize() - from);
      MemorySegment.copy(bytes, from, bufferBytes, buffer.position(), length);
      buffer.position(buffer.position() + length);
      from += length;
    }
  }

  /** Writes zeros up to a multiple of {@code alignment}. */
  public void pad(long alignment) {
    write(MemorySegment.ofArray(new byte[(int) (-position() & (alignment - 1))]));
  }

  private void flush() {
    try {
      buffer.flip();
      while (buffer.hasRemaining()) {
        flushed += channel.write(buffer);
      }
      buffer.clear();
    } catch (IOException e) {
      throw cannotWrite(e);
    }
  }

  /** Makes sure that everything written so far is on disk, even if the machine dies now. */
  public void force() {
    flush();
    try {
      channel.force(true);
    } catch (IOException e) {
      throw cannotWrite(e);
    }
  }

  /** Closes the file without deleting it, for {@link #resume}. */
  public synchronized void keep() {
    done = true;
    closeQuietly(lock);
  }

  /** Makes the file appear under its name, replacing what was there. */
  public synchronized void commit() {
    flush();
    try {
      channel.force(true);
      // The lock is given up last: nobody may take the part for a dead writer's in between.
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      done = true;
      lock.close();
    } catch (IOException e) {
      throw cannotWrite(e);
    }
  }

  /** Deletes the file unless {@link #commit} has completed. A write under way then fails. */
  @Override
  public synchronized void close() {
    if (done) {
      return;
    }
    done = true;
    try {
      Files.deleteIfExists(part);
      lock.close();
    } catch (IOException e) {
      closeQuietly(lock);
      throw new ForegateException(
          "%s: cannot delete the unfinished file: %s".formatted(part, InputFile.reason(e)),
          "Delete it by hand: it is the unfinished " + target.getFileName() + ".",
          e);
    }
  }

  private ForegateException cannotWrite(IOException e) {
    if (e instanceof ClosedByInterruptException) {
      return new ForegateException(
          target + ": writing was interrupted; nothing was kept", "Start again.", e);
    }
    if (e instanceof ClosedChannelException) {
      return new ForegateException(
          target + ": writing was stopped before the end; nothing was kept", "Start again.", e);
    }
    String left =
        free().isPresent() ? "; the disk has %s left".formatted(bytes(free().getAsLong())) : "";
    String of = needed > 0 ? " of " + bytes(needed) : "";
    return new ForegateException(
        "%s: cannot write the file: %s, after %s%s%s"
            .formatted(target, InputFile.reason(e), bytes(flushed), of, left),
        "Check the disk and the path.",
        e);
  }
}

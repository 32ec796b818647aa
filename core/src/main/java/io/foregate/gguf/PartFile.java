package io.foregate.gguf;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that comes into being at once or not at all: written as {@code NAME.part}, forced to disk,
 * then renamed to {@code NAME}. Written by one thread; {@link #close} may be called by any.
 */
public final class PartFile implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 20;

  private final Path target;
  private final Path part;
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final MemorySegment bufferBytes = MemorySegment.ofBuffer(buffer);
  private long flushed;
  private boolean done;

  private PartFile(Path target, Path part, FileChannel channel) {
    this.target = target;
    this.part = part;
    this.channel = channel;
  }

  /**
   * Begins to write a file, whose name it keeps free of anything unfinished.
   *
   * @throws GgufException if the target cannot be a file, or its directory cannot be written to
   */
  public static PartFile create(Path target) {
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      throw new GgufException(
          target + ": exists and is not a regular file", "Give the path of a file to write.", -1);
    }
    Path part = part(target);
    try {
      // Never somebody else's half-written file, nor what a link of that name points to.
      return new PartFile(
          target,
          part,
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    } catch (FileAlreadyExistsException e) {
      throw new GgufException(
          part + ": exists already, expected no unfinished file of that name",
          "Another run is writing it, or was killed: if none is running, delete it.",
          e);
    } catch (NoSuchFileException e) {
      throw new GgufException(
          target + ": there is no such directory to write to", "Create the directory first.", e);
    } catch (AccessDeniedException e) {
      throw new GgufException(
          target + ": no permission to write in that directory", "Choose another directory.", e);
    } catch (IOException e) {
      throw cannotWrite(target, e);
    }
  }

  /**
   * Goes on with a file that {@link #create} began and a killed run left, after so many bytes.
   *
   * @throws GgufException if it is shorter, or somebody is writing it
   */
  public static PartFile resume(Path target, long bytes) {
    Path part = part(target);
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
      if (channel.tryLock() == null) {
        throw beingWritten(part, null);
      }
      if (channel.size() < bytes) {
        throw new GgufException(
            "%s: has %d bytes, expected %d at least".formatted(part, channel.size(), bytes),
            "Delete it, and start again.",
            -1);
      }
      channel.truncate(bytes).position(bytes);
      var file = new PartFile(target, part, channel);
      file.flushed = bytes;
      return file;
    } catch (OverlappingFileLockException e) {
      closeQuietly(channel);
      throw beingWritten(part, e);
    } catch (GgufException e) {
      closeQuietly(channel);
      throw e;
    } catch (IOException e) {
      closeQuietly(channel);
      throw cannotWrite(target, e);
    }
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // What is told is why it could not be used.
    }
  }

  /** Where a file is while it is unfinished. */
  public static Path part(Path target) {
    return target.resolveSibling(target.getFileName() + ".part");
  }

  private static GgufException beingWritten(Path part, Exception cause) {
    return new GgufException(
        part + ": another run is writing it", "Wait for it, or choose another name.", cause);
  }

  /** Bytes written so far. */
  public long position() {
    return flushed + buffer.position();
  }

  /** Fails early if the disk has no room for so many bytes in all. */
  public void requireSpace(long bytes) {
    try {
      FileStore disk = Files.getFileStore(part);
      // Some network file systems do not know their size, and say 0.
      if (disk.getTotalSpace() > 0 && disk.getUsableSpace() < bytes - flushed) {
        throw new GgufException(
            "%s: the disk has room for %d MiB, expected %d MiB"
                .formatted(target, disk.getUsableSpace() >> 20, bytes >> 20),
            "Free some space, or choose another disk.",
            -1);
      }
    } catch (IOException e) {
      throw cannotWrite(target, e);
    }
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
      throw cannotWrite(target, e);
    }
  }

  /** Makes sure that everything written so far is on disk, even if the machine dies now. */
  public void force() {
    flush();
    try {
      channel.force(true);
    } catch (IOException e) {
      throw cannotWrite(target, e);
    }
  }

  /** Closes the file without deleting it, for {@link #resume}. */
  public synchronized void keep() {
    done = true;
    closeQuietly(channel);
  }

  /** Makes the file appear under its name, replacing what was there. */
  public synchronized void commit() {
    flush();
    try {
      channel.force(true);
      channel.close();
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      done = true;
    } catch (IOException e) {
      throw cannotWrite(target, e);
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
      channel.close();
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw new GgufException(
          part + ": cannot delete the unfinished file: " + reason(e), "Delete it by hand.", e);
    }
  }

  private static GgufException cannotWrite(Path target, IOException e) {
    if (e instanceof ClosedByInterruptException) {
      return new GgufException(
          target + ": writing was interrupted; nothing was kept", "Start again.", e);
    }
    if (e instanceof ClosedChannelException) {
      return new GgufException(
          target + ": writing was stopped before the end; nothing was kept", "Start again.", e);
    }
    return new GgufException(
        target + ": cannot write the file: " + reason(e), "Check the disk and the path.", e);
  }

  private static String reason(IOException e) {
    boolean named = e instanceof FileSystemException f && f.getReason() != null;
    return named ? ((FileSystemException) e).getReason() : e.getMessage();
  }
}

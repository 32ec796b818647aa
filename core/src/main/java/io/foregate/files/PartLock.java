package io.foregate.files;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An unfinished file that is open and locked: the operating system gives the lock back when its
 * process dies, however it dies. Where a file system knows no locks, a file that is new is taken
 * without one, and what is there is left alone.
 *
 * <p>This is the one place with static mutable state, for want of another way: a lock belongs to
 * the process (POSIX, {@code fcntl}), and is given up as soon as the process closes any descriptor
 * of the file. A second writer in this process would learn of the first by opening the file and
 * trying to lock it ({@link OverlappingFileLockException}), and by closing it again would take the
 * first one's lock away, so that a third in another process could write too. So it must be known
 * before the file is opened, by all of this process, whatever objects they share or do not.
 */
final class PartLock implements AutoCloseable {
  /** What this process holds; each path from {@link #take} to {@link #close}. */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path name;
  private final FileChannel channel;

  private PartLock(Path name, FileChannel channel) {
    this.name = name;
    this.channel = channel;
  }

  /**
   * Opens a part for writing, a new one or what a dead writer left of that kind.
   *
   * @param busy what is said where somebody holds it
   * @throws ForegateException if somebody holds it, or it is somebody else's
   * @throws IOException if it cannot be created or opened
   */
  static PartLock take(Path part, FileKind kind, String busy) throws IOException {
    Path name = part.toAbsolutePath().normalize();
    if (!HELD.add(name)) {
      throw held(busy, null);
    }
    try {
      FileChannel channel = open(part, kind, busy);
      while (channel == null) {
        channel = open(part, kind, busy);
      }
      return new PartLock(name, channel);
    } catch (IOException | RuntimeException | Error e) {
      HELD.remove(name);
      throw e;
    }
  }

  FileChannel channel() {
    return channel;
  }

  /** One attempt; {@code null} if another writer finished or gave up in the middle of it. */
  private static FileChannel open(Path part, FileKind kind, String busy) throws IOException {
    Object before = identity(part);
    FileChannel channel;
    try {
      // Never what a link of that name points to.
      channel =
          before == null
              ? FileChannel.open(
                  part,
                  StandardOpenOption.CREATE_NEW,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE)
              : FileChannel.open(
                  part,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE,
                  LinkOption.NOFOLLOW_LINKS);
    } catch (FileAlreadyExistsException e) {
      return null;
    } catch (NoSuchFileException e) {
      if (before == null) {
        throw e; // its folder is missing
      }
      return null;
    }
    boolean kept = false;
    try {
      lock(part, channel, before == null, busy);
      // Whoever held it may have renamed it meanwhile: then this is a whole file.
      kept = before == null ? channel.size() == 0 : before.equals(identity(part));
      if (kept && before != null) {
        requireOwn(part, channel, kind);
      }
    } catch (RuntimeException | IOException e) {
      kept = false;
      throw e;
    } finally {
      if (!kept) {
        channel.close();
      }
    }
    return kept ? channel : null;
  }

  private static Object identity(Path part) throws IOException {
    try {
      BasicFileAttributes file =
          Files.readAttributes(part, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return file.fileKey() != null ? file.fileKey() : file.creationTime();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static void lock(Path part, FileChannel channel, boolean fresh, String busy) {
    try {
      if (channel.tryLock() == null) {
        throw held(busy, null);
      }
    } catch (OverlappingFileLockException e) {
      throw held(busy, e);
    } catch (IOException e) {
      if (!fresh) {
        throw new ForegateException(
            "%s: is there, and its file system does not tell whether another run is writing it: %s"
                .formatted(part, InputFile.reason(e)),
            "If no run of Foregate is writing it, a killed one left it, and you may delete it.",
            e);
      }
    }
  }

  private static ForegateException held(String busy, Exception cause) {
    return new ForegateException(busy, "Wait for it, or choose another name.", cause);
  }

  /** Other programs call unfinished files so, too: browsers do. */
  private static void requireOwn(Path part, FileChannel channel, FileKind kind) throws IOException {
    byte[] begin = FileKind.begin(channel);
    FileKind found = FileKind.of(begin);
    boolean lost = Arrays.equals(begin, new byte[begin.length]); // as after a power failure
    if (!kind.covers(found) && !lost) {
      throw new ForegateException(
          "%s: exists already, and is %s, expected none or an unfinished one of %s"
              .formatted(part, found.title(), kind.title()),
          "That name is needed while the file is written: rename it, or choose another name.");
    }
  }

  /** Gives the lock back. */
  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(name);
    }
  }
}

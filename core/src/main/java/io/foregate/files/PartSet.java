package io.foregate.files;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Files that come into being together or not at all, as {@link PartFile} one does: each is written
 * in its turn, and they take their names when all are whole and on disk.
 *
 * <p>The first one's lock is held to the end, and tells whether the writer of all of them lives.
 * The others are closed as soon as they are whole: a set of any size takes two buffers and two
 * descriptors. The first takes its name last. Used by one thread; {@link #close} may be called by
 * any.
 */
public final class PartSet implements AutoCloseable {
  private final FileKind kind;
  private final Path firstTarget;
  private final PartFile first;

  /** Written now; the first, or one after it. */
  private PartFile current;

  private Path currentTarget;

  /** Those between the first and the current one, whole and closed. */
  private final List<Path> whole = new ArrayList<>();

  private boolean done;

  private PartSet(Path target, FileKind kind, PartFile first) {
    this.kind = kind;
    this.firstTarget = target;
    this.first = first;
    this.current = first;
    this.currentTarget = target;
  }

  /**
   * Begins with the first file, or goes on with it.
   *
   * @param bytes of it that a killed run has left; 0 to begin anew
   * @throws ForegateException as {@link PartFile#resume}
   */
  public static PartSet begin(Path first, FileKind kind, long bytes) {
    return new PartSet(first, kind, PartFile.resume(first, kind, bytes));
  }

  /** The file that is written now. */
  public synchronized PartFile current() {
    return current;
  }

  /**
   * The file at hand is whole: begins with the next one, or goes on with it.
   *
   * @param bytes of it that a killed run has left; 0 to begin anew
   * @throws ForegateException as {@link PartFile#resume}, or if the set has been closed
   */
  public synchronized PartFile next(Path target, long bytes) {
    if (done) {
      throw stopped(target);
    }
    finishCurrent();
    current = PartFile.resume(target, kind, bytes);
    currentTarget = target;
    return current;
  }

  private void finishCurrent() {
    current.force();
    if (current != first) {
      current.keep();
      whole.add(currentTarget);
      current = first;
    }
  }

  /** Leaves all files unfinished, for a later run. */
  public synchronized void keep() {
    done = true;
    current.keep();
    first.keep();
  }

  /**
   * Makes all files appear under their names, replacing what was there. If one cannot, none of them
   * stays: they are unfinished ones again, to be kept or deleted.
   */
  public synchronized void commit() {
    if (done) {
      throw stopped(firstTarget);
    }
    finishCurrent();
    List<Path> named = new ArrayList<>();
    try {
      for (Path target : whole.reversed()) {
        move(target);
        named.add(target);
      }
      first.commit();
      done = true;
    } catch (RuntimeException | Error e) {
      named.forEach(PartSet::moveBack);
      throw e;
    }
  }

  private static void move(Path target) {
    try {
      Files.move(PartFile.part(target), target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new ForegateException(
          "%s: cannot write the file: %s".formatted(target, InputFile.reason(e)),
          "Check the disk and the path.",
          e);
    }
  }

  private static void moveBack(Path target) {
    try {
      Files.move(target, PartFile.part(target), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      deleteQuietly(target);
    }
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // What is told is why not all of them could have their names.
    }
  }

  private static ForegateException stopped(Path target) {
    return new ForegateException(
        target + ": writing was stopped before the end; nothing was kept", "Start again.");
  }

  /** Deletes all files unless {@link #commit} has completed. A write under way then fails. */
  @Override
  public synchronized void close() {
    if (done) {
      return;
    }
    done = true;
    whole.forEach(target -> deleteQuietly(PartFile.part(target)));
    try (PartFile _ = first) { // last: its lock is what keeps others away
      if (current != first) {
        current.close();
      }
    }
  }
}

package io.foregate.files;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The rule about files that are there already, for every output. What a command makes anew never
 * takes the place of a file unless that is asked for in so many words (an option {@code --force}).
 * What a command goes on with, such as a session, replaces a file of its own kind only. Asked
 * before the work, and together with whether the file can be written at all.
 */
public final class Target {
  private Target() {}

  /**
   * Refuses a file that cannot be written, or is there already.
   *
   * @param force whether one that is there may be replaced, whatever it is
   * @throws ForegateException if it may not, or cannot
   */
  public static void require(Path file, FileKind kind, boolean force) {
    requireAbsent(file, force);
    PartFile.create(file, kind).close();
  }

  /**
   * Refuses a file that is there already; whether it can be written is not asked.
   *
   * @param force whether it may be replaced
   */
  public static void requireAbsent(Path file, boolean force) {
    if (!force && Files.isRegularFile(file)) {
      throw new ForegateException(
          "%s exists, and is %s".formatted(file, title(file)),
          "Choose another name, or [[replace it]].");
    }
  }

  private static String title(Path file) {
    try {
      return kind(file).title();
    } catch (ForegateException e) {
      return FileKind.UNKNOWN.title(); // that it is there is what counts
    }
  }

  /**
   * Refuses a file that cannot be written, or is there and of another kind.
   *
   * @throws ForegateException if it is
   */
  public static void requireOwn(Path file, FileKind kind) {
    requireKind(file, kind);
    PartFile.create(file, kind).close();
  }

  /**
   * Refuses to replace a file of another kind.
   *
   * @throws ForegateException if it is, or if that cannot be found out: the cause is an {@link
   *     IOException} then
   */
  public static void requireKind(Path file, FileKind kind) {
    if (!Files.isRegularFile(file)) {
      return;
    }
    FileKind found = kind(file);
    if (!kind.covers(found)) {
      throw new ForegateException(
          "%s: is not %s but %s, which would be lost".formatted(file, kind.title(), found.title()),
          "Choose another name.");
    }
  }

  /**
   * Refuses to read a file that is of another kind.
   *
   * @throws ForegateException if it is, or cannot be read
   */
  public static void requireReadable(Path file, FileKind kind) {
    FileKind found = kind(file);
    if (!kind.covers(found)) {
      throw new ForegateException(
          "%s: is not %s but %s".formatted(file, kind.title(), found.title()),
          found.advice().isEmpty() ? "Check the path." : found.advice());
    }
  }

  private static FileKind kind(Path file) {
    try (FileChannel channel = InputFile.open(file, "a file")) {
      return FileKind.of(channel);
    } catch (IOException e) {
      throw InputFile.unreadable(file, e);
    }
  }
}

package io.foregate.files;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Opens files that are to be read. Only regular ones: a pipe would block for ever, and a device has
 * no end.
 */
public final class InputFile {
  private InputFile() {}

  /**
   * Opens a file of a kind.
   *
   * @throws ForegateException if it is not there, cannot be read, is no regular file or plainly of
   *     another kind
   */
  public static FileChannel open(Path path, FileKind expected) {
    requireRegular(path, expected.title());
    FileChannel file = null;
    try {
      file = FileChannel.open(path, StandardOpenOption.READ);
      expected.require(path.toString(), FileKind.of(file));
      return file;
    } catch (IOException e) {
      closeQuietly(file);
      throw unreadable(path, e);
    } catch (RuntimeException | Error e) {
      closeQuietly(file);
      throw e;
    }
  }

  /**
   * Opens a file of any kind.
   *
   * @param expected what it should be, with its article, for messages
   * @throws ForegateException if it is not there, cannot be read, or is no regular file
   */
  public static FileChannel open(Path path, String expected) {
    requireRegular(path, expected);
    try {
      return FileChannel.open(path, StandardOpenOption.READ);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /**
   * All bytes of a file.
   *
   * @param expected what it should be, with its article, for messages
   * @throws ForegateException if it is not there, cannot be read, or is no regular file
   */
  public static byte[] bytes(Path path, String expected) {
    try (FileChannel file = open(path, expected)) {
      long size = file.size();
      if (size > Integer.MAX_VALUE - 8) {
        throw new ForegateException(
            "%s: has %,d bytes, expected %s".formatted(path, size, expected), "Check the path.");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      while (bytes.hasRemaining() && file.read(bytes) > 0) {}
      return bytes.hasRemaining() ? Arrays.copyOf(bytes.array(), bytes.position()) : bytes.array();
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /**
   * Refuses what cannot be opened as a file.
   *
   * @param expected what it should be, with its article, for messages
   */
  public static void requireRegular(Path path, String expected) {
    if (Files.isRegularFile(path)) {
      return;
    }
    if (Files.isDirectory(path)) {
      throw new ForegateException(
          "%s: is a directory, expected %s".formatted(path, expected), "Name the file in it.");
    }
    if (Files.exists(path)) {
      throw new ForegateException(
          "%s: is not a regular file, expected %s".formatted(path, expected),
          "A pipe or a device cannot be read here: copy it to a file first.");
    }
    throw new ForegateException(
        path + ": no such file", "Check the path; it is relative to the current directory.");
  }

  /** Why a file cannot be read. */
  public static ForegateException unreadable(Path path, IOException e) {
    return switch (e) {
      case NoSuchFileException _ ->
          new ForegateException(path + ": no such file", "Check the path.", e);
      case AccessDeniedException _ ->
          new ForegateException(
              path + ": no permission to read the file", "Change its permissions, or copy it.", e);
      default ->
          new ForegateException(
              "%s: cannot read the file: %s".formatted(path, reason(e)),
              "Check the disk and the path.",
              e);
    };
  }

  static String reason(IOException e) {
    boolean named = e instanceof FileSystemException f && f.getReason() != null;
    return named ? ((FileSystemException) e).getReason() : String.valueOf(e.getMessage());
  }

  private static void closeQuietly(FileChannel file) {
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      // What is told is why it could not be used.
    }
  }
}

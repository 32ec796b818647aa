package io.foregate.report;

import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.PartFile;
import io.foregate.files.Target;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;

/** Writes whole text files. */
public final class TextFileWriter {
  private TextFileWriter() {}

  /** Writes a file of UTF-8 text, which is there whole or not at all. */
  public static void write(Path file, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (PartFile part = PartFile.create(file, FileKind.TEXT)) {
      part.requireSpace(bytes.length);
      part.write(MemorySegment.ofArray(bytes));
      part.commit();
    }
  }

  /**
   * Makes a folder for files that are to be written, and refuses those that are there.
   *
   * @param force whether they may be replaced
   */
  public static void requireFolder(Path folder, Collection<String> names, boolean force) {
    try {
      Files.createDirectories(folder);
    } catch (FileAlreadyExistsException e) {
      throw new ForegateException(folder + ": is not a folder", "Choose another name.", e);
    } catch (IOException e) {
      throw new ForegateException(
          "%s: cannot make the folder: %s".formatted(folder, e.getMessage()),
          "Choose another folder.",
          e);
    }
    names.forEach(name -> Target.require(folder.resolve(name), FileKind.TEXT, force));
  }
}

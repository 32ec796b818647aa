package io.foregate.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads and writes whole text files. */
final class TextFile {
  private TextFile() {}

  /**
   * The text of a UTF-8 file.
   *
   * @throws CommandException if it cannot be read, or is not UTF-8
   */
  static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new CommandException(file + ": no such file", "Check the path.", e);
    } catch (AccessDeniedException e) {
      throw new CommandException(
          file + ": no permission to read the file", "Change its permissions, or copy it.", e);
    } catch (CharacterCodingException e) {
      throw new CommandException(
          file + ": is not UTF-8 text", "Convert it, e.g. with iconv -t UTF-8.", e);
    } catch (IOException e) {
      throw new CommandException(
          file + ": cannot read the file: " + e.getMessage(), "Is it a text file?", e);
    }
  }

  /** Writes a file of UTF-8 text. */
  static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new CommandException(
          file + ": cannot write the file: " + e.getMessage(), "Check the folder and the disk.", e);
    }
  }
}

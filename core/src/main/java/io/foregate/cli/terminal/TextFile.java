package io.foregate.cli.terminal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads whole text files, and standard input. */
public final class TextFile {
  /** Stands for standard input in place of a file. */
  private static final String STANDARD_INPUT = "-";

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private TextFile() {}

  /**
   * The text of a UTF-8 file, or of standard input for {@code -}: without a byte-order mark, which
   * is told, and without one final line break, as llama.cpp reads a prompt's file.
   *
   * @throws CommandException if it cannot be read, or is not UTF-8
   */
  public static String read(Path file, Terminal terminal) {
    if (file.toString().equals(STANDARD_INPUT)) {
      return readInput(terminal);
    }
    return text(file.toString(), bytes(file), StandardCharsets.UTF_8, terminal);
  }

  /**
   * All of a UTF-8 file, or of standard input for {@code -}, for formats to which every character
   * belongs and which are UTF-8 whatever the locale says.
   */
  public static String readExactly(Path file, Terminal terminal) {
    return file.toString().equals(STANDARD_INPUT)
        ? decode("standard input", terminal.readAll(), StandardCharsets.UTF_8)
        : decode(file.toString(), bytes(file), StandardCharsets.UTF_8);
  }

  /** What {@link #read} makes of standard input. */
  public static String readInput(Terminal terminal) {
    return text("standard input", terminal.readAll(), terminal.charset(), terminal);
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new CommandException(file + ": no such file", "Check the path.", e);
    } catch (AccessDeniedException e) {
      throw new CommandException(
          file + ": no permission to read the file", "Change its permissions, or copy it.", e);
    } catch (IOException e) {
      throw new CommandException(
          file + ": cannot read the file: " + e.getMessage(), "Is it a text file?", e);
    }
  }

  private static String text(String source, byte[] bytes, Charset charset, Terminal terminal) {
    String text = decode(source, bytes, charset);
    if (!text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK) {
      tellMark(source, terminal);
      text = text.substring(1);
    }
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  private static void tellMark(String source, Terminal terminal) {
    terminal.message(
        "foregate: %s begins with a byte-order mark, which is no part of the text."
            .formatted(source));
  }

  /** Tells of a byte-order mark in a file that someone else reads, piece by piece. */
  public static void tellMark(Path file, Terminal terminal) {
    if (!Files.isRegularFile(file)) {
      return;
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] mark = String.valueOf(BYTE_ORDER_MARK).getBytes(StandardCharsets.UTF_8);
      if (Arrays.equals(in.readNBytes(mark.length), mark)) {
        tellMark(file.toString(), terminal);
      }
    } catch (IOException e) {
      // Whoever reads the file says so.
    }
  }

  private static String decode(String source, byte[] bytes, Charset charset) {
    try {
      return charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new CommandException(
          "%s: is not %s text%s".formatted(source, charset, isUtf16(bytes) ? ", but UTF-16" : ""),
          "Convert it, e.g. with iconv -t UTF-8.",
          e);
    }
  }

  private static boolean isUtf16(byte[] bytes) {
    int mark = bytes.length < 2 ? 0 : (bytes[0] & 0xFF) << 8 | (bytes[1] & 0xFF);
    return mark == 0xFEFF || mark == 0xFFFE;
  }
}

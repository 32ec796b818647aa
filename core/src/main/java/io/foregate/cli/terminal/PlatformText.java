package io.foregate.cli.terminal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a person typed, as text: arguments and a terminal's lines are in the platform's charset.
 * Where that is ASCII, because no locale is set or the one that is set is not installed, bytes
 * beyond it have no meaning of their own and are taken for UTF-8, as everything else here is.
 */
public final class PlatformText {
  /** Linux has the arguments here as they were given; the JVM has decoded them, perhaps lossily. */
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private PlatformText() {}

  /** The arguments of this process. */
  public static String[] arguments(String[] decoded) {
    if (!Files.isReadable(COMMAND_LINE)) {
      return decoded;
    }
    try {
      return arguments(Files.readAllBytes(COMMAND_LINE), decoded, charset("sun.jnu.encoding"));
    } catch (IOException e) {
      return decoded;
    }
  }

  /**
   * The last arguments of a command line.
   *
   * @param commandLine each argument ended by a byte 0
   * @param decoded what the JVM made of the last ones
   * @throws UsageException if one is not text in that charset
   */
  static String[] arguments(byte[] commandLine, String[] decoded, Charset charset) {
    List<ByteBuffer> words = words(commandLine);
    int skipped = words.size() - decoded.length;
    if (skipped < 0) {
      return decoded;
    }
    var texts = new String[decoded.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = argument(words.get(skipped + i), decoded[i], i + 1, charset);
    }
    return texts;
  }

  private static String argument(ByteBuffer word, String decoded, int number, Charset charset) {
    try {
      return charset.newDecoder().decode(word).toString();
    } catch (CharacterCodingException e) {
      throw new UsageException(
          "argument %d, '%s', is not text in %s".formatted(number, decoded, charset),
          "Set the locale (LC_ALL) that the terminal writes in, or give the text in a UTF-8 file.");
    }
  }

  private static List<ByteBuffer> words(byte[] commandLine) {
    List<ByteBuffer> words = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i < commandLine.length; i++) {
      if (commandLine[i] == 0) {
        words.add(ByteBuffer.wrap(commandLine, begin, i - begin));
        begin = i + 1;
      }
    }
    return words;
  }

  /**
   * The platform's charset.
   *
   * @param property the system property in which the JVM says what the platform told it
   */
  static Charset charset(String property) {
    return named(System.getProperty(property, ""));
  }

  /** The charset of that name; UTF-8 in place of ASCII, and of one that Java does not know. */
  static Charset named(String name) {
    try {
      Charset found = Charset.forName(name);
      return found.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : found;
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      return StandardCharsets.UTF_8;
    }
  }
}

package io.foregate.engine;

import io.foregate.error.ForegateException;
import io.foregate.files.InputFile;
import io.foregate.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Chunks of text from files of any size, as token ids: each file is cut into pieces of equal
 * length, and a chunk is the beginning of a piece, from its first whole line on. Only the piece
 * that is asked for is read. Immutable and thread-safe.
 */
public final class TextChunks {
  /** What a token takes at least, on the average: files are cut into no more pieces than that. */
  private static final int MIN_TOKEN_BYTES = 3;

  /** What a token takes at most, on the average. */
  private static final int MAX_TOKEN_BYTES = 8;

  private final Tokenizer tokenizer;
  private final int length;
  private final List<Piece> pieces = new ArrayList<>();

  private record Piece(Path file, long begin, long end) {}

  /**
   * @param files of UTF-8 text; each gives as many chunks, if it is long enough
   * @param length tokens of a chunk, at most
   * @param count chunks wanted
   * @throws ForegateException if a file cannot be read or is empty
   */
  public TextChunks(List<Path> files, Tokenizer tokenizer, int length, int count) {
    this.tokenizer = tokenizer;
    this.length = length;
    int share = Math.ceilDiv(count, files.size());
    for (Path file : files) {
      long size = size(file);
      if (size == 0) {
        throw new ForegateException(file + ": is empty, expected text", "Give another file.");
      }
      long most = Math.max(1, size / (MIN_TOKEN_BYTES * (long) length));
      int n = (int) Math.min(share, most);
      for (int i = 0; i < n; i++) {
        pieces.add(new Piece(file, size * i / n, size * (i + 1) / n));
      }
    }
  }

  private static long size(Path file) {
    try (FileChannel channel = InputFile.open(file, "a text file")) {
      return channel.size();
    } catch (IOException e) {
      throw InputFile.unreadable(file, e);
    }
  }

  /** How many there are; fewer than wanted if the texts are short. */
  public int count() {
    return pieces.size();
  }

  /**
   * The token ids of a chunk, with the token that begins a text in front where the model has one.
   */
  public int[] tokens(int index) {
    Piece piece = pieces.get(index);
    int[] ids = tokenizer.encode(read(piece), true, false);
    return ids.length > length ? Arrays.copyOf(ids, length) : ids;
  }

  private String read(Piece piece) {
    int bytes = (int) Math.min(piece.end() - piece.begin(), (long) length * MAX_TOKEN_BYTES);
    var buffer = ByteBuffer.allocate(bytes);
    try (FileChannel channel = InputFile.open(piece.file(), "a text file")) {
      while (buffer.hasRemaining()
          && channel.read(buffer, piece.begin() + buffer.position()) >= 0) {
        // until all is there, or the file has become shorter
      }
    } catch (IOException e) {
      throw InputFile.unreadable(piece.file(), e);
    }
    byte[] data = Arrays.copyOf(buffer.array(), buffer.position());
    int from = piece.begin() == 0 ? mark(data) : firstLine(data);
    try {
      var text = ByteBuffer.wrap(data, from, wholeCharacters(data) - from);
      return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
    } catch (CharacterCodingException e) {
      throw new ForegateException(
          piece.file() + ": is not UTF-8 text", "Convert it, e.g. with iconv -t UTF-8.", e);
    }
  }

  /** Bytes of a byte-order mark, which is no text. */
  private static int mark(byte[] data) {
    boolean marked =
        data.length >= 3
            && (data[0] & 0xFF) == 0xEF
            && (data[1] & 0xFF) == 0xBB
            && (data[2] & 0xFF) == 0xBF;
    return marked ? 3 : 0;
  }

  /** Behind the first line break; where there is none, the first byte that begins a character. */
  private static int firstLine(byte[] data) {
    for (int i = 0; i < data.length / 2; i++) {
      if (data[i] == '\n') {
        return i + 1;
      }
    }
    int i = 0;
    while (i < data.length && (data[i] & 0xC0) == 0x80) {
      i++;
    }
    return i;
  }

  /** The length without a character that is cut at the end. */
  private static int wholeCharacters(byte[] data) {
    int end = data.length;
    while (end > 0 && data.length - end < 3 && (data[end - 1] & 0xC0) == 0x80) {
      end--;
    }
    boolean leadByte = end > 0 && (data[end - 1] & 0xC0) == 0xC0;
    int wanted = leadByte ? Integer.numberOfLeadingZeros(~(data[end - 1] << 24)) : 1;
    return leadByte && data.length - end + 1 < wanted ? end - 1 : data.length;
  }
}

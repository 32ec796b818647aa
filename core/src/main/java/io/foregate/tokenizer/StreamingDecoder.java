package io.foregate.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Turns tokens into text as they come. A UTF-8 character whose bytes are spread over several tokens
 * comes out with the last of them; bytes that cannot become a character come out as U+FFFD, as soon
 * as that is known. Concatenating what {@link #accept} and {@link #flush} return gives exactly what
 * decoding all tokens at once gives. For one thread.
 */
public final class StreamingDecoder {
  /** A token's bytes. */
  interface Bytes {
    byte[] of(int token);
  }

  private final Bytes bytes;
  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] pending = {};
  private boolean dropSpace;

  /**
   * @param dropSpace whether one space is dropped where the text begins, because the encoder adds
   *     one
   */
  StreamingDecoder(Bytes bytes, boolean dropSpace) {
    this.bytes = bytes;
    this.dropSpace = dropSpace;
  }

  /**
   * The characters that are complete now that this token has come; often none or many.
   *
   * @throws io.foregate.error.ForegateException if the vocabulary has no such token
   */
  public String accept(int token) {
    byte[] piece = bytes.of(token);
    int from = 0;
    if (dropSpace && piece.length > 0) {
      dropSpace = false;
      from = piece[0] == ' ' ? 1 : 0;
    }
    return decode(piece, from, false);
  }

  /** What is left when no token follows: U+FFFD if a character was begun, else nothing. */
  public String flush() {
    return decode(new byte[0], 0, true);
  }

  private String decode(byte[] piece, int from, boolean last) {
    byte[] all = Arrays.copyOf(pending, pending.length + piece.length - from);
    System.arraycopy(piece, from, all, pending.length, piece.length - from);
    var in = ByteBuffer.wrap(all);
    var out = CharBuffer.allocate(all.length + 2);
    CoderResult result = utf8.decode(in, out, last);
    if (last) {
      utf8.flush(out);
      utf8.reset();
    }
    assert result.isUnderflow() : "one char per byte is always room enough";
    pending = Arrays.copyOfRange(all, in.position(), all.length);
    return out.flip().toString();
  }
}

package io.foregate.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The alphabet in which byte-level vocabularies are written: each of the 256 bytes has a printable
 * character. Bytes that are printable in Latin-1 stand for themselves; the others are U+0100 and
 * up, in order (GPT-2's encoder.py).
 */
final class ByteAlphabet {
  private static final char[] CHARS = new char[256];
  private static final short[] BYTES = new short[256 + 68]; // by char; -1 if it is no letter

  static {
    Arrays.fill(BYTES, (short) -1);
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b != 0xad);
      CHARS[b] = (char) (printable ? b : next++);
      BYTES[CHARS[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** The character of a byte, 0 to 255. */
  static char charOf(int b) {
    return CHARS[b];
  }

  /** Writes UTF-8 bytes in the alphabet. */
  static String write(byte[] utf8) {
    var chars = new char[utf8.length];
    for (int i = 0; i < utf8.length; i++) {
      chars[i] = CHARS[utf8[i] & 0xff];
    }
    return new String(chars);
  }

  /** The bytes of a token; a character that is not in the alphabet counts as its own UTF-8. */
  static byte[] read(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      if (c >= BYTES.length || BYTES[c] < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) BYTES[c];
    }
    return bytes;
  }
}

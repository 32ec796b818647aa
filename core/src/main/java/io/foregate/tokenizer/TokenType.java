package io.foregate.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/** What kind of token an entry of a vocabulary is ({@code tokenizer.ggml.token_type}). */
enum TokenType {
  UNDEFINED(0),
  NORMAL(1),
  UNKNOWN(2),
  /** Steers the model, is not part of the text: {@code <s>}, {@code <|im_end|>}. */
  CONTROL(3),
  /** Taken out of the text before anything else, and rendered literally. */
  USER_DEFINED(4),
  UNUSED(5),
  /** One byte, spelled {@code <0x0A>}. */
  BYTE(6);

  private static final Pattern BYTE_SPELLING = Pattern.compile("<0x(\\p{XDigit}{2})>");
  private static final List<TokenType> ALL = List.of(values());

  private final int code;

  TokenType(int code) {
    this.code = code;
  }

  /** The number that stands for the type in a GGUF file. */
  int code() {
    return code;
  }

  /** The type of that code; codes that GGUF does not define are UNDEFINED. */
  static TokenType of(int code) {
    for (TokenType type : ALL) {
      if (type.code == code) {
        return type;
      }
    }
    return UNDEFINED;
  }

  /**
   * What a token of type BYTE stands for; one that is spelled otherwise stands for its spelling.
   */
  static byte[] byteOf(String text) {
    var spelling = BYTE_SPELLING.matcher(text);
    return spelling.matches()
        ? new byte[] {(byte) Integer.parseInt(spelling.group(1), 16)}
        : text.getBytes(StandardCharsets.UTF_8);
  }
}

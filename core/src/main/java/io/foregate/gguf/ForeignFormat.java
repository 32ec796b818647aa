package io.foregate.gguf;

import io.foregate.files.FileKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** Names what people give to Foregate instead of a GGUF file, to say what to do about it. */
final class ForeignFormat {
  private static final String DAMAGED =
      "Give the path of a GGUF model; if this should be one, the file is damaged.";

  private ForeignFormat() {}

  /** The complaint about a file that does not begin with GGUF's magic number. */
  static GgufException describe(MemorySegment file, String source) {
    int length = (int) Math.min(FileKind.LOOK_AT, file.byteSize());
    byte[] bytes = file.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    FileKind kind = FileKind.of(bytes);
    String what =
        kind == FileKind.UNKNOWN ? "" : "is not a GGUF model but %s: ".formatted(kind.title());
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    return new GgufException(
        "%s: %sthe file begins with %s, expected 'GGUF'".formatted(source, what, quote(text)),
        kind.advice().isEmpty() ? DAMAGED : kind.advice(),
        0);
  }

  private static String quote(String text) {
    if (text.codePoints().limit(4).allMatch(c -> c >= ' ' && c < 0x7F)) {
      return "'" + text.substring(0, Math.min(4, text.length())) + "'";
    }
    var hex = new StringBuilder("the bytes");
    text.chars().limit(4).forEach(c -> hex.append(" %02X".formatted(c)));
    return hex.toString();
  }
}

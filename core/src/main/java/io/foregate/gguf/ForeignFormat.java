package io.foregate.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Recognises what people give to Foregate instead of a GGUF file, to say what to do about it. */
final class ForeignFormat {
  private static final int LOOK_AT = 64;

  private ForeignFormat() {}

  /** The complaint about a file that does not begin with GGUF's magic number. */
  static GgufException describe(MemorySegment file, String source) {
    int length = (int) Math.min(LOOK_AT, file.byteSize());
    byte[] bytes = file.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String hint = hint(text);
    return new GgufException(
        "%s: the file begins with %s, expected 'GGUF'".formatted(source, quote(text)), hint, 0);
  }

  private static String hint(String text) {
    if (text.startsWith("version https://git-lfs")) {
      return "This is a Git LFS pointer, not the model: run 'git lfs pull' where it came from.";
    }
    if (text.strip().toLowerCase(Locale.ROOT).startsWith("<")) {
      return "This is a web page, probably an error or login page saved in place of the model.";
    }
    if (text.length() > 8 && text.charAt(8) == '{') {
      return "This looks like safetensors: convert the model to GGUF first.";
    }
    if (text.startsWith("PK")) {
      return "This is a zip archive or a PyTorch checkpoint: unpack it, or convert it to GGUF.";
    }
    if (text.startsWith("lmgg") || text.startsWith("fmgg") || text.startsWith("tjgg")) {
      return "This is a model in a format older than GGUF: convert the original model again.";
    }
    return "Give the path of a GGUF model; if this should be one, the file is damaged.";
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

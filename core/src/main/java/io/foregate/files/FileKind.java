package io.foregate.files;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a file is, by its first bytes: those that Foregate reads or writes, and those that people
 * give to it instead. The order counts, a file is the first kind that it looks like.
 */
public enum FileKind {
  EMPTY("an empty file", "Was it cut off while it was downloaded or written? Get it again."),
  IMATRIX("an importance matrix", "It is for 'foregate quantize', as its [[importance matrix]]."),
  OLD_IMATRIX(
      "an importance matrix older than GGUF (.dat)",
      "llama.cpp converts it: llama-imatrix --in-file OLD.dat -o NEW.gguf."),
  GGUF("a GGUF model", "It goes where a [[model]] is asked for."),
  GATES("lookahead gates", "They go where [[gates]] are asked for, or beside their model."),
  CHECKPOINT("the checkpoint of an alignment", "'foregate align' can [[resume]] it."),
  SAFETENSORS(
      "a safetensors file",
      "A model's weights as safetensors: convert the model's folder to GGUF with 'foregate"
          + " convert'."),
  SESSION("a session", "It goes where a [[session]] is asked for."),
  TRACE("a routing trace", "It is for 'foregate simulate', as its [[trace]]."),
  STORE("an expert store", "Foregate finds expert stores by itself; give the model."),
  TIMELINE("a timeline", "Timelines are for ui.perfetto.dev."),
  LFS_POINTER(
      "a Git LFS pointer",
      "This is a Git LFS pointer, not the file: run 'git lfs pull' where it came from."),
  WEB_PAGE(
      "a web page",
      "This is a web page, probably an error or login page saved in place of the file."),
  ZIP(
      "a zip archive",
      "This is a zip archive or a PyTorch checkpoint: unpack it, or convert it to GGUF."),
  GZIP("a gzip archive", "Unpack it first."),
  PICKLE(
      "a Python pickle",
      "PyTorch wrote it: save the model anew with transformers' save_pretrained."),
  OLD_GGML(
      "a model older than GGUF",
      "This is a model in a format older than GGUF: convert the original model again."),
  DRAWING("an SVG drawing", ""),
  JSON("a JSON file", ""),
  TEXT("a text file", ""),
  UNKNOWN("a file of no known kind", "");

  /** How much of a file is looked at. */
  public static final int LOOK_AT = 4096;

  /** What files of Foregate's own and models begin with; fewer bytes of it are a file cut off. */
  private static final List<String> MAGICS =
      List.of("GGUF", "FGSESS01", "FGTRACE\0", "FGEXPERT", "PK\3\4");

  /** Beyond that, neither tensors nor letters of a tensor's name. */
  private static final int MAX_OLD_IMATRIX = 1 << 16;

  private static final int SAFETENSORS_HEADER_AT = 8;
  private static final long MAX_SAFETENSORS_HEADER = 100_000_000;

  private final String title;
  private final String advice;

  FileKind(String title, String advice) {
    this.title = title;
    this.advice = advice;
  }

  /** With its article: "a GGUF model". */
  public String title() {
    return title;
  }

  /** What to do with a file of this kind; may be empty. */
  public String advice() {
    return advice;
  }

  /** Whether files of this kind are text, which people write too. */
  private boolean isText() {
    return this == TEXT || this == JSON || this == DRAWING || this == TIMELINE;
  }

  /** Whether what is found may be an unfinished or damaged file of this kind. */
  boolean covers(FileKind found) {
    return found == this
        || found == EMPTY
        || (this == IMATRIX && found == GGUF)
        || (this == STORE && found == UNKNOWN) // Foregate's by its name, and damaged
        || (this != TIMELINE && isText() && found.isText());
  }

  /** The kind of an open file, whose position stays. */
  public static FileKind of(FileChannel file) throws IOException {
    return of(begin(file));
  }

  static byte[] begin(FileChannel file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(LOOK_AT, file.size()));
    while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {}
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  /**
   * The kind of a file that begins so.
   *
   * @param begin its first {@value #LOOK_AT} bytes, or all if there are fewer
   */
  public static FileKind of(byte[] begin) {
    String text = new String(begin, StandardCharsets.ISO_8859_1);
    if (begin.length == 0) {
      return EMPTY;
    }
    if (MAGICS.stream().anyMatch(magic -> magic.startsWith(text) && !magic.equals(text))) {
      return UNKNOWN;
    }
    return magic(text)
        .or(() -> safetensors(begin, text))
        .or(() -> oldImatrix(begin, text))
        .orElseGet(() -> isReadable(begin) ? readable(text) : UNKNOWN);
  }

  private static Optional<FileKind> magic(String text) {
    if (text.startsWith("GGUF")) {
      return Optional.of(isImatrix(text) ? IMATRIX : GGUF);
    }
    if (text.startsWith("FGSESS")) {
      return Optional.of(SESSION);
    }
    if (text.startsWith("FGTRACE\0")) {
      return Optional.of(TRACE);
    }
    if (text.startsWith("FGEXPERT")) {
      return Optional.of(STORE);
    }
    if (text.startsWith("PK\3\4") || text.startsWith("PK\5\6")) {
      return Optional.of(ZIP);
    }
    if (text.startsWith("\u001f\u008b")) {
      return Optional.of(GZIP);
    }
    if (text.startsWith("\u0080") && text.length() > 1 && text.charAt(1) <= 5) {
      return Optional.of(PICKLE);
    }
    boolean old = text.startsWith("lmgg") || text.startsWith("fmgg") || text.startsWith("tjgg");
    return old ? Optional.of(OLD_GGML) : Optional.empty();
  }

  /** {@code general.type}, a string of seven letters; writers put it first. */
  private static boolean isImatrix(String text) {
    return text.contains("general.type\u0008\0\0\0\u0007\0\0\0\0\0\0\0imatrix");
  }

  private static Optional<FileKind> safetensors(byte[] begin, String text) {
    if (begin.length <= SAFETENSORS_HEADER_AT || begin[SAFETENSORS_HEADER_AT] != '{') {
      return Optional.empty();
    }
    long length = ByteBuffer.wrap(begin).order(ByteOrder.LITTLE_ENDIAN).getLong();
    boolean plain = text.chars().limit(SAFETENSORS_HEADER_AT).allMatch(c -> c >= ' ');
    if (!plain && (length < 0 || length > MAX_SAFETENSORS_HEADER)) {
      return Optional.empty();
    }
    return Optional.of(
        text.contains("\"foregate lookahead gates\"")
            ? GATES
            : text.contains("\"foregate alignment checkpoint\"") ? CHECKPOINT : SAFETENSORS);
  }

  /**
   * Before GGUF, without any magic: a count of entries, then a count of letters and the name of the
   * first one's tensor. Source: llama.cpp, {@code save_imatrix_legacy} in tools/imatrix.
   */
  private static Optional<FileKind> oldImatrix(byte[] begin, String text) {
    int nameAt = 2 * Integer.BYTES;
    if (begin.length <= nameAt) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(begin).order(ByteOrder.LITTLE_ENDIAN);
    int entries = in.getInt();
    int letters = in.getInt();
    boolean counts =
        entries > 0 && entries < MAX_OLD_IMATRIX && letters > 0 && letters <= begin.length - nameAt;
    return counts && text.startsWith(".weight", nameAt + letters - ".weight".length())
        ? Optional.of(OLD_IMATRIX)
        : Optional.empty();
  }

  private static FileKind readable(String text) {
    if (text.startsWith("version https://git-lfs")) {
      return LFS_POINTER;
    }
    String stripped = text.strip().toLowerCase(Locale.ROOT);
    if (stripped.startsWith("<svg") || (stripped.startsWith("<?xml") && text.contains("<svg"))) {
      return DRAWING;
    }
    if (stripped.startsWith("<!doctype") || stripped.startsWith("<html")) {
      return WEB_PAGE;
    }
    if (stripped.startsWith("{\"displaytimeunit\"")) {
      return TIMELINE;
    }
    return stripped.startsWith("{") || stripped.startsWith("[") ? JSON : TEXT;
  }

  /** Whether it is text of any encoding that goes with ASCII. */
  private static boolean isReadable(byte[] begin) {
    for (byte b : begin) {
      if (b >= 0 && b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f' && b != 0x1b) {
        return false;
      }
    }
    return true;
  }

  /**
   * Refuses a file that plainly is of another kind. One that is empty or of no known kind may be a
   * damaged one of this, which its reader tells better.
   *
   * @throws ForegateException if it is
   */
  public void require(String source, FileKind found) {
    if (found != this && found != UNKNOWN && found != EMPTY) {
      throw new ForegateException(
          "%s: is not %s but %s".formatted(source, title(), found.title()),
          found.advice().isEmpty() ? "Check the path." : found.advice());
    }
  }
}

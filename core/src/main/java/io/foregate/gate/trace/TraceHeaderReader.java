package io.foregate.gate.trace;

import io.foregate.error.ForegateException;
import io.foregate.gguf.ModelHash;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/** Reads the header of a trace; nothing in it is believed before it has been checked. */
final class TraceHeaderReader {
  private final Path path;
  private final MemorySegment data;
  private final long fileSize;
  private long end;
  private long at;

  /**
   * @param data the header, or the beginning of the file where its size cannot be right
   * @param fileSize of the whole file
   */
  TraceHeaderReader(Path path, MemorySegment data, long fileSize) {
    this.path = path;
    this.data = data;
    this.fileSize = fileSize;
    this.end = data.byteSize();
  }

  /** Behind the header, once it has been read. */
  long position() {
    return at;
  }

  TraceHeader read() {
    checkEnvelope();
    ModelHash model = ModelHash.of(bytes(ModelHash.BYTES));
    int layers = u32();
    int experts = u32();
    int used = u32();
    int recordBytes = u32();
    String name = string();
    List<ScoreSet> sets = new ArrayList<>();
    int setCount = count("sets of scores", TraceHeader.MAX_SETS);
    for (int i = 0; i < setCount; i++) {
      int horizon = u32();
      sets.add(new ScoreSet(string(), horizon));
    }
    List<String> texts = new ArrayList<>();
    int textCount = count("texts", TraceHeader.MAX_TEXTS);
    for (int i = 0; i < textCount; i++) {
      texts.add(string());
    }
    var header = new TraceHeader(model, name, layers, experts, used, sets, texts);
    if (header.flaw() != null) {
      throw damaged("its header says " + header.flaw());
    }
    if (TraceLayout.recordBytes(header) != recordBytes || at != end) {
      throw damaged("its header contradicts itself");
    }
    at += Integer.BYTES; // the checksum
    return header;
  }

  /** Magic, version, size and checksum of the header; moves behind its size. */
  private void checkEnvelope() {
    MemorySegment magic = MemorySegment.ofArray(TraceWriter.MAGIC);
    if (end < magic.byteSize() || data.asSlice(0, magic.byteSize()).mismatch(magic) >= 0) {
      throw new ForegateException(
          path + ": is no routing trace: it does not begin with FGTRACE",
          "Traces are written by foregate trace.");
    }
    at = magic.byteSize();
    int version = u32();
    if (version != TraceWriter.VERSION) {
      throw new ForegateException(
          "%s: is a trace of version %s, expected %d"
              .formatted(path, Integer.toUnsignedString(version), TraceWriter.VERSION),
          "Use the Foregate that wrote it, or record it again.");
    }
    int bytes = u32();
    if (bytes < TraceWriter.FIXED_BYTES + Integer.BYTES || bytes > fileSize) {
      throw damaged(
          "its header should have %s bytes, and the file has %d"
              .formatted(Integer.toUnsignedString(bytes), fileSize));
    }
    end = (long) bytes - Integer.BYTES;
    if (data.get(TraceLayout.U32, end)
        != TraceLayout.checksum(data.asSlice(0, end), new CRC32C())) {
      throw damaged("the checksum of its header does not match");
    }
  }

  private int count(String what, int most) {
    int count = u32();
    if (count < 0 || count > most) {
      throw damaged(
          "its header says %s %s, expected at most %d"
              .formatted(Integer.toUnsignedString(count), what, most));
    }
    return count;
  }

  private int u32() {
    require(Integer.BYTES);
    int value = data.get(TraceLayout.U32, at);
    at += Integer.BYTES;
    return value;
  }

  private String string() {
    int length = count("bytes in a name", TraceHeader.MAX_NAME_BYTES);
    return new String(bytes(length), StandardCharsets.UTF_8);
  }

  private byte[] bytes(int count) {
    require(count);
    byte[] bytes = data.asSlice(at, count).toArray(ValueLayout.JAVA_BYTE);
    at += count;
    return bytes;
  }

  private void require(int bytes) {
    if (bytes > end - at) {
      throw damaged("its header ends early");
    }
  }

  private ForegateException damaged(String what) {
    return new ForegateException(
        path + ": the trace is damaged: " + what, "Record it again with foregate trace.");
  }
}

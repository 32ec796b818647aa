package io.foregate.gate.trace;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * A trace that has been checked from its first byte to its last.
 *
 * @param firstRecord where the first token's record is
 * @param tokens how many records there are
 */
record TraceCheck(TraceHeader header, TraceLayout layout, long firstRecord, int tokens) {
  /** Records are read in pieces of about so many bytes. */
  private static final int PIECE_BYTES = 1 << 20;

  /**
   * Checks a trace.
   *
   * @throws ForegateException if it is none, damaged, or cut meanwhile
   */
  static TraceCheck of(Path path, TraceBytes bytes) throws IOException {
    var reader = new TraceHeaderReader(path, bytes.header(), bytes.size());
    TraceHeader header = reader.read();
    var checker = new Checker(path, header, new TraceLayout(header));
    int tokens = checker.countTokens(bytes, reader.position());
    checker.checkRecords(bytes, reader.position(), tokens);
    return new TraceCheck(header, checker.layout(), reader.position(), tokens);
  }

  private record Checker(Path path, TraceHeader header, TraceLayout layout) {
    int countTokens(TraceBytes bytes, long firstRecord) throws IOException {
      long at = bytes.size() - TraceWriter.FOOTER_BYTES;
      long body = at - firstRecord;
      MemorySegment footer = body < 0 ? null : bytes.read(at, TraceWriter.FOOTER_BYTES);
      if (footer == null || !isFooter(footer)) {
        throw damaged("its end is missing", "The file was cut short: record it again.");
      }
      long count = footer.get(TraceLayout.U64, Long.BYTES);
      if (count < 0 || count > Integer.MAX_VALUE || count * layout.recordBytes() != body) {
        throw damaged(
            "it says %s tokens of %d bytes, and has %d bytes for them"
                .formatted(Long.toUnsignedString(count), layout.recordBytes(), body),
            "Record it again.");
      }
      return (int) count;
    }

    private static boolean isFooter(MemorySegment footer) {
      MemorySegment magic = MemorySegment.ofArray(TraceWriter.FOOTER_MAGIC);
      int covered = TraceWriter.FOOTER_BYTES - Integer.BYTES;
      return footer.asSlice(0, magic.byteSize()).mismatch(magic) < 0
          && footer.get(TraceLayout.U32, covered)
              == TraceLayout.checksum(footer.asSlice(0, covered), new CRC32C());
    }

    void checkRecords(TraceBytes bytes, long firstRecord, int tokens) throws IOException {
      int atOnce = Math.max(1, PIECE_BYTES / layout.recordBytes());
      var crc = new CRC32C();
      for (int first = 0; first < tokens; first += atOnce) {
        int count = Math.min(atOnce, tokens - first);
        long at = firstRecord + (long) first * layout.recordBytes();
        MemorySegment piece = bytes.read(at, count * layout.recordBytes());
        for (int i = 0; i < count; i++) {
          checkRecord(first + i, piece, (long) i * layout.recordBytes(), crc);
        }
      }
    }

    private void checkRecord(int token, MemorySegment data, long at, CRC32C crc) {
      if (!layout.isSealed(data, at, crc)) {
        throw damaged(
            "the checksum of token %d does not match".formatted(token), "Record it again.");
      }
      if ((layout.flags(data, at) & ~TraceLayout.FLAGS) != 0) {
        throw damaged("token %d has unknown flags".formatted(token), "Use a newer Foregate.");
      }
      if (layout.text(data, at) >= header.texts().size()) {
        throw damaged(
            "token %d is of text %d, and there are %d"
                .formatted(token, layout.text(data, at), header.texts().size()),
            "Record it again.");
      }
      for (int layer = 0; layer < header.layers(); layer++) {
        checkChoice(token, data, at, layer);
      }
    }

    private void checkChoice(int token, MemorySegment data, long at, int layer) {
      for (int rank = 0; rank < header.used(); rank++) {
        int expert = layout.expert(data, at, layer, rank);
        if (expert >= header.experts()) {
          throw damaged(
              "token %d uses expert %d at layer %d, and there are %d"
                  .formatted(token, expert, layer, header.experts()),
              "Record it again.");
        }
        for (int other = 0; other < rank; other++) {
          if (expert == layout.expert(data, at, layer, other)) {
            throw damaged(
                "token %d uses expert %d at layer %d twice".formatted(token, expert, layer),
                "Record it again.");
          }
        }
      }
    }

    private ForegateException damaged(String what, String hint) {
      return new ForegateException(path + ": the trace is damaged: " + what, hint);
    }
  }
}

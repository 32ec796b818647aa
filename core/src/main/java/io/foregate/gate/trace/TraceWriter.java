package io.foregate.gate.trace;

import io.foregate.files.FileKind;
import io.foregate.files.PartFile;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * Writes a trace, block by block. The file appears under its name at {@link #finish}; closing
 * before that leaves nothing. Used by one thread.
 *
 * <p>Format, version {@value #VERSION}, little-endian; a string is a u32 count of UTF-8 bytes, then
 * the bytes:
 *
 * <pre>
 * header: 8 bytes "FGTRACE\0", u32 version, u32 bytes of the header
 *         32 bytes model hash, u32 layers, u32 experts, u32 used, u32 bytes of a record
 *         string model name
 *         u32 sets,  each: u32 horizon, string name
 *         u32 texts, each: string name
 *         u32 CRC-32C of the header before it
 * tokens: records of equal size ({@link TraceLayout}), each with its checksum
 * footer: 8 bytes "FGTREND\0", u64 tokens, u32 CRC-32C of the footer before it
 * </pre>
 */
public final class TraceWriter implements AutoCloseable {
  static final byte[] MAGIC = "FGTRACE\0".getBytes(StandardCharsets.US_ASCII);
  static final byte[] FOOTER_MAGIC = "FGTREND\0".getBytes(StandardCharsets.US_ASCII);
  static final int VERSION = 1;
  static final int FOOTER_BYTES = 20;
  static final int FIXED_BYTES = 16;

  private final TraceHeader header;
  private final PartFile file;
  private long tokens;

  /**
   * @throws IllegalArgumentException if no trace can have such a header
   * @throws io.foregate.error.ForegateException if the file cannot be written
   */
  public TraceWriter(Path path, TraceHeader header) {
    if (header.flaw() != null) {
      throw new IllegalArgumentException(header.flaw());
    }
    this.header = header;
    MemorySegment bytes = MemorySegment.ofArray(headerBytes(header));
    this.file = PartFile.create(path, FileKind.TRACE);
    file.write(bytes);
  }

  /** Appends all tokens of a block. */
  public void append(TraceRecords block) {
    if (!block.header().equals(header)) {
      throw new IllegalArgumentException("records of another trace");
    }
    file.write(block.sealedBytes());
    tokens += block.tokens();
  }

  /** Makes the file appear. */
  public void finish() {
    var footer = new Bytes().raw(FOOTER_MAGIC).u64(tokens);
    file.write(MemorySegment.ofArray(footer.withChecksum()));
    file.commit();
  }

  @Override
  public void close() {
    file.close();
  }

  private static byte[] headerBytes(TraceHeader header) {
    var body = new Bytes().raw(header.model().bytes());
    body.u32(header.layers()).u32(header.experts()).u32(header.used());
    body.u32((int) TraceLayout.recordBytes(header)).string(header.modelName());
    body.u32(header.sets().size());
    header.sets().forEach(set -> body.u32(set.horizon()).string(set.name()));
    body.u32(header.texts().size());
    header.texts().forEach(body::string);
    byte[] rest = body.toByteArray();
    return new Bytes()
        .raw(MAGIC)
        .u32(VERSION)
        .u32(FIXED_BYTES + rest.length + Integer.BYTES)
        .raw(rest)
        .withChecksum();
  }

  /** Little-endian bytes. */
  private static final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Bytes raw(byte[] bytes) {
      out.writeBytes(bytes);
      return this;
    }

    Bytes u32(int value) {
      for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
        out.write(value >>> shift);
      }
      return this;
    }

    Bytes u64(long value) {
      return u32((int) value).u32((int) (value >>> Integer.SIZE));
    }

    Bytes string(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      if (bytes.length > TraceHeader.MAX_NAME_BYTES) {
        throw new IllegalArgumentException("a name of %d bytes".formatted(bytes.length));
      }
      return u32(bytes.length).raw(bytes);
    }

    byte[] toByteArray() {
      return out.toByteArray();
    }

    byte[] withChecksum() {
      return u32(TraceLayout.checksum(MemorySegment.ofArray(toByteArray()), new CRC32C()))
          .toByteArray();
    }
  }
}

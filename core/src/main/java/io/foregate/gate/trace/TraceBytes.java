package io.foregate.gate.trace;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Reads a trace that is to be checked. Not through the mapping: where a file is cut while a
 * checksum is computed, in code of the virtual machine's own, the process may end.
 */
final class TraceBytes {
  /** Magic, version and size of the header. */
  private static final int ENVELOPE_BYTES = TraceWriter.MAGIC.length + 2 * Integer.BYTES;

  private final Path path;
  private final FileChannel channel;
  private final long size;

  TraceBytes(Path path, FileChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.size = channel.size();
  }

  /** Bytes that the file had at first. */
  long size() {
    return size;
  }

  /** The header, or what there is in place of it if its size cannot be right. */
  MemorySegment header() throws IOException {
    MemorySegment envelope = read(0, (int) Math.min(ENVELOPE_BYTES, size));
    if (envelope.byteSize() < ENVELOPE_BYTES) {
      return envelope;
    }
    int claimed = envelope.get(TraceLayout.U32, ENVELOPE_BYTES - Integer.BYTES);
    return claimed > ENVELOPE_BYTES && claimed <= size ? read(0, claimed) : envelope;
  }

  /**
   * Reads so many bytes.
   *
   * @throws ForegateException if they are not there any more
   */
  MemorySegment read(long at, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, at + bytes.position()) < 0) {
        throw new ForegateException(
            "%s: the file became shorter while it was read: it ends before byte %d of %d"
                .formatted(path, at + count, size),
            "Start again when nothing writes it.");
      }
    }
    return MemorySegment.ofArray(bytes.array());
  }
}

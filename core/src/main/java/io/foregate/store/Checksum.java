package io.foregate.store;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/** CRC-32C (RFC 3720, appendix B.4), for which CPUs have an instruction and Java uses it. */
final class Checksum {
  private static final long PIECE_BYTES = 1 << 30; // byte buffers end at 2 GiB

  private Checksum() {}

  static int of(MemorySegment bytes) {
    var crc = new CRC32C();
    for (long from = 0; from < bytes.byteSize(); from += PIECE_BYTES) {
      long length = Math.min(PIECE_BYTES, bytes.byteSize() - from);
      crc.update(bytes.asSlice(from, length).asByteBuffer());
    }
    return (int) crc.getValue();
  }
}

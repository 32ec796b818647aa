package io.foregate.store;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.zip.CRC32C;

/**
 * Reads records through a small buffer, so that their checksum is computed while they are in the
 * processor's cache. Used by one thread at a time; reading allocates nothing.
 */
final class RecordReader {
  private static final int BUFFER_BYTES = 256 << 10;

  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final MemorySegment bytes = MemorySegment.ofBuffer(buffer);
  private final CRC32C crc = new CRC32C();

  /**
   * Copies a part of a file into memory.
   *
   * @return whether all of it was there and has the checksum
   */
  boolean read(FileChannel file, long offset, long length, int checksum, MemorySegment target)
      throws IOException {
    crc.reset();
    for (long done = 0; done < length; ) {
      buffer.clear().limit((int) Math.min(BUFFER_BYTES, length - done));
      int count = file.read(buffer, offset + done);
      if (count <= 0) {
        return false;
      }
      crc.update(buffer.flip());
      MemorySegment.copy(bytes, 0, target, done, count);
      done += count;
    }
    return (int) crc.getValue() == checksum;
  }

  /** As many readers as were ever used at once. */
  static final class Pool {
    private final Deque<RecordReader> idle = new ArrayDeque<>();

    synchronized RecordReader borrow() {
      RecordReader reader = idle.pollFirst();
      return reader != null ? reader : new RecordReader();
    }

    synchronized void giveBack(RecordReader reader) {
      idle.addFirst(reader);
    }
  }
}

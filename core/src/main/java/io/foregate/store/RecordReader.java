package io.foregate.store;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Reads records straight into memory, in pieces whose checksum is computed while they are in the
 * CPU's cache. Used by one thread at a time; reading into the same memory again allocates nothing.
 */
final class RecordReader {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final long VIEW_BYTES = 1 << 30; // byte buffers end at 2 GiB

  private final MemorySegment target;
  private final ByteBuffer view;
  private final CRC32C crc = new CRC32C();

  private RecordReader(MemorySegment target) {
    this.target = target;
    this.view = view(target, 0);
  }

  private static ByteBuffer view(MemorySegment target, long from) {
    return target.asSlice(from, Math.min(VIEW_BYTES, target.byteSize() - from)).asByteBuffer();
  }

  /** Equal segments may be of different arenas, one of them closed. */
  private boolean isFor(MemorySegment other) {
    return target.equals(other) && target.scope().equals(other.scope());
  }

  /**
   * Copies a part of a file into memory.
   *
   * @return whether all of it was there and has the checksum
   */
  boolean read(FileChannel file, long offset, long length, int checksum) throws IOException {
    crc.reset();
    for (long from = 0; from < length; from += VIEW_BYTES) {
      ByteBuffer piece = from == 0 ? view : view(target, from);
      int bytes = (int) Math.min(VIEW_BYTES, length - from);
      if (!readPiece(file, offset + from, piece, bytes)) {
        return false;
      }
    }
    return (int) crc.getValue() == checksum;
  }

  private boolean readPiece(FileChannel file, long offset, ByteBuffer piece, int bytes)
      throws IOException {
    for (int done = 0; done < bytes; ) {
      piece.limit(Math.min(bytes, done + CHUNK_BYTES)).position(done);
      int count = file.read(piece, offset + done);
      if (count <= 0) {
        return false;
      }
      crc.update(piece.flip().position(done));
      done += count;
    }
    return true;
  }

  /** As many readers as were ever used at once, each for the memory that it last read into. */
  static final class Pool {
    private final List<RecordReader> idle = new ArrayList<>();

    /** A reader into that memory. */
    synchronized RecordReader borrow(MemorySegment target) {
      for (int i = 0; i < idle.size(); i++) {
        if (idle.get(i).isFor(target)) {
          return idle.remove(i);
        }
      }
      if (!idle.isEmpty()) {
        idle.removeLast();
      }
      return new RecordReader(target);
    }

    synchronized void giveBack(RecordReader reader) {
      idle.add(reader);
    }
  }
}

package io.foregate.store;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Records in a sidecar file, read into memory of the caller's whenever they are asked for.
 *
 * <p>The file is read, not mapped: a mapping whose file someone cuts ends the virtual machine at
 * the next touch, while a read that comes back short is an answer. Each read is held to the
 * record's checksum. A record that is cut off or damaged is packed again from the model's file,
 * compared with the checksum that it had when the sidecar was made, and written back.
 */
final class FileRecords implements Records {
  private static final Logger LOG = System.getLogger(ExpertStore.class.getName());

  /** A piece that is written at once: bounds what the platform may copy it to. */
  private static final long WRITE_BYTES = 16 << 20;

  private final Path path;
  private final SidecarFormat format;
  private final ExpertSource source;
  private final int[] checksums;
  private final boolean writable;
  private final AtomicBoolean warned = new AtomicBoolean();
  private final RecordReader.Pool readers = new RecordReader.Pool();
  private FileChannel channel;
  private boolean closed;

  FileRecords(Path path, SidecarFile file, SidecarFormat format, ExpertSource source) {
    this.path = path;
    this.format = format;
    this.source = source;
    this.checksums = file.checksums();
    this.writable = file.writable();
    this.channel = file.channel();
  }

  @Override
  public Tier tier() {
    return Tier.FILE;
  }

  @Override
  public MemorySegment record(int record) {
    throw new IllegalStateException("records of a file have to be read into memory first");
  }

  @Override
  public void read(int record, MemorySegment target) {
    RecordReader reader = readers.borrow(target);
    try {
      if (!readSound(reader, record)) {
        repair(record, target);
      }
    } finally {
      readers.giveBack(reader);
    }
  }

  private boolean readSound(RecordReader reader, int record) {
    for (FileChannel file = file(); file != null; file = file()) {
      try {
        return reader.read(
            file, format.offset(record), source.recordBytes(record), checksums[record]);
      } catch (ClosedByInterruptException e) {
        throw SidecarFile.interrupted(path, e);
      } catch (ClosedChannelException e) {
        reopen(); // an interrupted reader closes the channel for all
      } catch (IOException e) {
        LOG.log(Level.TRACE, "{0}: {1}", path, e.getMessage());
        return false;
      }
    }
    return false;
  }

  /** The open file; {@code null} when it was closed by an interruption and is no longer there. */
  private synchronized FileChannel file() {
    if (closed) {
      throw new IllegalStateException("the expert store is closed");
    }
    return channel;
  }

  /** Opens the file again, unless that has been done. */
  private synchronized void reopen() {
    if (closed || channel == null || channel.isOpen()) {
      return;
    }
    FileChannel again = null;
    if (SidecarFile.open(path, format) instanceof SidecarFile.Opened.Sound(SidecarFile file)) {
      if (Arrays.equals(file.checksums(), checksums)) {
        again = file.channel();
      } else {
        file.close();
      }
    }
    channel = again;
  }

  private void repair(int record, MemorySegment target) {
    MemorySegment packed = target.asSlice(0, source.recordBytes(record));
    source.pack(record, packed);
    if (Checksum.of(packed) != checksums[record]) {
      throw new ForegateException(
          "%s: the record of %s is damaged, and what the model now has for it is not what it was."
              .formatted(path, source.name(record)),
          "The model's file was changed or is damaged: get it again, and start again.");
    }
    boolean mended = writeBack(record, packed);
    LOG.log(
        warned.getAndSet(true) ? Level.TRACE : Level.DEBUG,
        "{0}: the record of {1} is cut off or damaged; it was made anew from the model{2}.",
        path,
        source.name(record),
        mended ? " and written back" : "");
  }

  private boolean writeBack(int record, MemorySegment packed) {
    FileChannel file = file();
    if (file == null || !writable) {
      return false;
    }
    try {
      long at = format.offset(record);
      for (long done = 0; done < packed.byteSize(); ) {
        long length = Math.min(WRITE_BYTES, packed.byteSize() - done);
        done += file.write(packed.asSlice(done, length).asByteBuffer(), at + done);
      }
      return true;
    } catch (IOException e) {
      // A disk that is full or going bad. The record in memory is right, and that is what counts.
      LOG.log(Level.TRACE, "{0}: {1}", path, e.getMessage());
      return false;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      throw new ForegateException(
          path + ": cannot close the file: " + e.getMessage(), "Check the disk.", e);
    }
  }
}

package io.foregate.store;

import io.foregate.error.ForegateException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * An open sidecar whose header and table fit the model.
 *
 * @param channel for reading, and for writing where permissions allow it
 * @param writable whether they do
 * @param checksums per record
 */
record SidecarFile(FileChannel channel, boolean writable, int[] checksums)
    implements AutoCloseable {
  private static final Logger LOG = System.getLogger(ExpertStore.class.getName());

  /** What came of opening: a sound file, or the end of a sentence that says why it is none. */
  sealed interface Opened {
    record Sound(SidecarFile file) implements Opened {}

    record Unusable(String complaint) implements Opened {}
  }

  /**
   * Opens a file and checks everything but the records.
   *
   * @throws ForegateException if the thread was interrupted, which tells nothing of the file
   */
  static Opened open(Path path, SidecarFormat format) {
    if (!Files.isRegularFile(path)) {
      return new Opened.Unusable("is not there");
    }
    FileChannel channel = null;
    try {
      boolean writable = Files.isWritable(path);
      channel =
          writable
              ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
              : FileChannel.open(path, StandardOpenOption.READ);
      Opened opened = check(channel, writable, format);
      if (opened instanceof Opened.Unusable) {
        channel.close();
      }
      return opened;
    } catch (ClosedByInterruptException e) {
      throw interrupted(path, e);
    } catch (IOException e) {
      closeQuietly(channel);
      return new Opened.Unusable("cannot be read: " + e.getMessage());
    }
  }

  private static Opened check(FileChannel channel, boolean writable, SidecarFormat format)
      throws IOException {
    byte[] begin = read(channel, 0, format.headerBytes());
    var complaint = format.complaint(channel.size(), begin);
    if (complaint.isPresent()) {
      return new Opened.Unusable(complaint.get());
    }
    byte[] table = read(channel, format.tableOffset(), format.tableBytes());
    if (table.length < format.tableBytes()) {
      return new Opened.Unusable("became shorter while it was read");
    }
    return format
        .checksums(table)
        .<Opened>map(sums -> new Opened.Sound(new SidecarFile(channel, writable, sums)))
        .orElseGet(() -> new Opened.Unusable("has a damaged table of checksums"));
  }

  /** Up to {@code length} bytes: fewer where the file ends. */
  private static byte[] read(FileChannel channel, long from, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining() && channel.read(bytes, from + bytes.position()) > 0) {}
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  static ForegateException interrupted(Path path, ClosedByInterruptException e) {
    return new ForegateException(
        path + ": reading was interrupted.", "Start again if that was not on purpose.", e);
  }

  @Override
  public void close() {
    closeQuietly(channel);
  }

  private static void closeQuietly(FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.log(Level.TRACE, "closing a file that was only read", e);
      }
    }
  }
}

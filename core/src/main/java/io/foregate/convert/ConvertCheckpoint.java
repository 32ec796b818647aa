package io.foregate.convert;

import io.foregate.error.ForegateException;
import io.foregate.files.PartFile;
import io.foregate.gguf.GgufLayout;
import io.foregate.gguf.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * How far a conversion has come, in {@code OUT.resume} beside {@code OUT.part}, or beside the parts
 * of its shards: 8 bytes, big-endian, that many of all parts' are on disk; then SHA-256 of what
 * they began from, the GGUF's headers and the sources' names, sizes and times.
 */
final class ConvertCheckpoint implements GgufWriter.Checkpoint {
  private static final int HASH_BYTES = 32;

  /** What a kill may cost: a second or so of copying. */
  static final long INTERVAL = 256L << 20;

  private final Path target;
  private final Path file;
  private final List<Path> sources;
  private final BooleanSupplier keeps;
  private final ConvertListener listener;
  private final long total;
  private final long interval;
  private byte[] hash;

  ConvertCheckpoint(
      Path target,
      List<Path> sources,
      BooleanSupplier keeps,
      ConvertListener listener,
      long total,
      long interval) {
    this.target = target;
    this.file = target.resolveSibling(target.getFileName() + ".resume");
    this.sources = sources;
    this.keeps = keeps;
    this.listener = listener;
    this.total = total;
    this.interval = interval;
  }

  @Override
  public long interval() {
    return interval;
  }

  @Override
  public long begin(List<GgufLayout> files) {
    hash = hash(files);
    long done = done();
    long weights = 0;
    long start = 0;
    for (GgufLayout layout : files) {
      long before = Math.clamp(done - start, 0, layout.bytes());
      if (before > 0 && !holds(layout, before)) {
        done = 0;
        weights = 0;
        break;
      }
      weights += Math.max(0, before - layout.header().length);
      start += layout.bytes();
    }
    if (done == 0) {
      write(0);
    }
    listener.begin(total, Math.min(weights, total));
    return done;
  }

  /** Whether a part has so many bytes and is this one: other commands may leave such names, too. */
  private static boolean holds(GgufLayout layout, long bytes) {
    Path path = PartFile.part(layout.target());
    try (FileChannel part = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer found = ByteBuffer.allocate(layout.header().length);
      while (found.hasRemaining() && part.read(found) > 0) {}
      return part.size() >= bytes && Arrays.equals(found.array(), layout.header());
    } catch (IOException e) {
      return false; // none
    }
  }

  private long done() {
    try {
      byte[] bytes = Files.readAllBytes(file);
      boolean same =
          bytes.length == Long.BYTES + HASH_BYTES
              && Arrays.equals(Arrays.copyOfRange(bytes, Long.BYTES, bytes.length), hash);
      return same ? Math.max(0, ByteBuffer.wrap(bytes).getLong()) : 0;
    } catch (IOException e) {
      return 0; // none, or none that can be read: begin anew
    }
  }

  @Override
  public void reached(long bytes) {
    write(bytes);
  }

  @Override
  public void complete(Path part) {
    listener.complete(part);
  }

  @Override
  public boolean keepsUnfinished() {
    boolean kept = keeps.getAsBoolean();
    if (!kept) {
      finish();
    }
    return kept;
  }

  /** The file is complete, or has been given up. */
  void finish() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new ForegateException(
          "%s: cannot delete the file: %s".formatted(file, e.getMessage()),
          "Delete it by hand: it only said how far the conversion had come.",
          e);
    }
  }

  private void write(long bytes) {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.write(
          fresh, ByteBuffer.allocate(Long.BYTES + HASH_BYTES).putLong(bytes).put(hash).array());
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      deleteQuietly(fresh);
      throw new ForegateException(
          "%s: cannot write the file: %s".formatted(file, e.getMessage()),
          "Check the disk and the path.",
          e);
    }
  }

  private static void deleteQuietly(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // What is told is why it could not be written.
    }
  }

  private byte[] hash(List<GgufLayout> files) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      files.forEach(layout -> digest.update(layout.header()));
      for (Path source : sources) {
        String facts =
            "%s %d %d\n"
                .formatted(
                    source.getFileName(),
                    Files.size(source),
                    Files.getLastModifiedTime(source).toMillis());
        digest.update(facts.getBytes(StandardCharsets.UTF_8));
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    } catch (IOException e) {
      throw new ForegateException(
          "%s: cannot read the folder's files: %s".formatted(target, e.getMessage()),
          "Check the folder.",
          e);
    }
  }
}

package io.foregate.convert;

import io.foregate.error.ForegateException;
import io.foregate.files.PartFile;
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
 * How far a conversion has come, in {@code OUT.resume} beside {@code OUT.part}: 8 bytes,
 * big-endian, that many of the part's are on disk; then SHA-256 of what the part began from, the
 * GGUF's header and the sources' names, sizes and times.
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
  public long begin(byte[] header) {
    hash = hash(header);
    long done = begins(header) ? done() : 0;
    if (done == 0) {
      write(0);
    }
    listener.begin(total, Math.clamp(done - header.length, 0, total));
    return done;
  }

  /** Another command may have left a part of that name. */
  private boolean begins(byte[] header) {
    try (FileChannel part = FileChannel.open(PartFile.part(target), StandardOpenOption.READ)) {
      ByteBuffer found = ByteBuffer.allocate(header.length);
      while (found.hasRemaining() && part.read(found) > 0) {}
      return Arrays.equals(found.array(), header);
    } catch (IOException e) {
      return false; // none
    }
  }

  private long done() {
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length != Long.BYTES + HASH_BYTES
          || !Arrays.equals(Arrays.copyOfRange(bytes, Long.BYTES, bytes.length), hash)) {
        return 0;
      }
      long done = ByteBuffer.wrap(bytes).getLong();
      Path part = PartFile.part(target);
      return Files.exists(part) && done >= 0 && Files.size(part) >= done ? done : 0;
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

  private byte[] hash(byte[] header) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(header);
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

package io.foregate.store;

import io.foregate.files.FileKind;
import io.foregate.files.PartFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Where a new sidecar is written, from its first byte to its last. A seam, so that tests fail it.
 */
interface SidecarSink extends AutoCloseable {

  /** Fails early if there is no room for so many bytes. */
  void requireSpace(long bytes);

  void write(MemorySegment bytes);

  /** Makes the file appear under its name. */
  void commit();

  /** Leaves nothing behind unless {@link #commit} has completed. */
  @Override
  void close();

  /** A file that is there whole or not at all. */
  static SidecarSink to(Path path) {
    PartFile part = PartFile.create(path, FileKind.STORE);
    return new SidecarSink() {
      @Override
      public void requireSpace(long bytes) {
        part.requireSpace(bytes);
      }

      @Override
      public void write(MemorySegment bytes) {
        part.write(bytes);
      }

      @Override
      public void commit() {
        part.commit();
      }

      @Override
      public void close() {
        part.close();
      }
    };
  }
}

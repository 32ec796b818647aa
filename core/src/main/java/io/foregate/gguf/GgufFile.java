package io.foregate.gguf;

import io.foregate.error.ForegateException;
import io.foregate.files.InputFile;
import io.foregate.files.MappedFault;
import io.foregate.files.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open GGUF file: its metadata, its tensors, and their bytes, mapped into memory.
 *
 * <p>Opening reads the header only; the operating system pages tensor data in as it is touched.
 * Immutable and safe for use by many threads. Segments from {@link #data} are valid until {@link
 * #close}; after that, an access through them throws {@link IllegalStateException}, and one by
 * their address is undefined. A file that someone overwrites while it is open gives undefined data.
 * One that becomes shorter ends the virtual machine (SIGBUS) at the first touch of what is missing,
 * or throws an {@link InternalError} where the virtual machine can tell what the access was for:
 * replace model files by renaming, as {@link GgufWriter} does.
 */
public final class GgufFile implements AutoCloseable {
  private static final String SUFFIX = ".gguf";

  private final Path path;
  private final Arena arena;
  private final MemorySegment file;
  private final GgufParser.Header header;
  private final Map<String, GgufTensor> byName;

  private GgufFile(Path path, Arena arena, MemorySegment file, GgufParser.Header header) {
    this.path = path;
    this.arena = arena;
    this.file = file;
    this.header = header;
    this.byName = HashMap.newHashMap(header.tensors().size());
    header.tensors().forEach(tensor -> byName.put(tensor.name(), tensor));
  }

  /**
   * Opens and checks a file.
   *
   * @throws GgufException if it cannot be read, or is not a sound GGUF file of version 2 or 3
   */
  public static GgufFile open(Path path) {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = InputFile.open(path, "a GGUF file")) {
      long size = channel.size();
      if (size == 0) {
        throw new GgufException(
            path + ": the file is empty, expected a GGUF model",
            "Was a download or a conversion cut off? Get the file again.",
            0);
      }
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      return new GgufFile(path, arena, file, GgufParser.parse(file, path.toString()));
    } catch (IOException e) {
      arena.close();
      throw told(InputFile.unreadable(path, e));
    } catch (RuntimeException | Error e) {
      arena.close();
      RuntimeException told = MappedFault.rethrow(e, path);
      throw told instanceof ForegateException sentence ? told(sentence) : told;
    }
  }

  private static GgufException told(ForegateException e) {
    return e instanceof GgufException known
        ? known
        : new GgufException(e.getMessage(), e.hint(), e);
  }

  /** A model file's name without the folder and without {@code .gguf}: what its sidecars share. */
  public static String stem(Path path) {
    String name = path.getFileName().toString();
    return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
  }

  /** The path under which the file was opened. */
  public Path path() {
    return path;
  }

  /** The format's version, 2 or 3. */
  public int version() {
    return header.version();
  }

  /** The alignment of tensor data in bytes, a power of two. */
  public long alignment() {
    return header.alignment();
  }

  /**
   * Where in the file tensor data begins, in bytes; a multiple of the alignment. In a file without
   * tensors it may lie past the end.
   */
  public long dataOffset() {
    return header.dataOffset();
  }

  /** Size of the whole file in bytes. */
  public long fileSize() {
    return file.byteSize();
  }

  /** What the file says about the model. */
  public GgufMetadata metadata() {
    return header.metadata();
  }

  /** All tensors, in file order. */
  public List<GgufTensor> tensors() {
    return header.tensors();
  }

  /** The tensor of that name, or empty if the file has none. */
  public Optional<GgufTensor> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /**
   * The tensor of that name.
   *
   * @throws GgufException if the file has none
   */
  public GgufTensor tensor(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new GgufException(
                    "%s: tensor '%s' is missing among its %d tensors"
                        .formatted(path, name, tensors().size()),
                    "The model was converted for something else, or is one part of several.",
                    -1));
  }

  /**
   * The bytes of a tensor of this file: a read-only slice of the mapping, {@link
   * GgufTensor#byteSize()} long, beginning at a multiple of the alignment. No copy is made.
   *
   * @throws IllegalArgumentException if the tensor is not one of this file's
   */
  public MemorySegment data(GgufTensor tensor) {
    if (!tensor.equals(byName.get(tensor.name()))) {
      throw new IllegalArgumentException(path + " has no tensor " + tensor);
    }
    return file.asSlice(header.dataOffset() + tensor.offset(), tensor.byteSize());
  }

  /** Whether {@link #close} has not been called yet. */
  public boolean isOpen() {
    return arena.scope().isAlive();
  }

  /** Unmaps the file. Closing twice does nothing. */
  @Override
  public synchronized void close() {
    SharedMemory.close(arena);
  }
}

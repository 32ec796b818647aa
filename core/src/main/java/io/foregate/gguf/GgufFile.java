package io.foregate.gguf;

import io.foregate.files.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open GGUF file: its metadata, its tensors, and their bytes, mapped into memory. A model in
 * shards ({@code NAME-00001-of-00005.gguf}) is opened as one, whichever of them is named: all their
 * tensors are its tensors, and what the keys {@code split.*} say is no part of its metadata.
 *
 * <p>Opening reads headers only; the operating system pages tensor data in as it is touched.
 * Immutable and safe for use by many threads. Segments from {@link #data} are valid until {@link
 * #close}; after that, an access through them throws {@link IllegalStateException}, and one by
 * their address is undefined. A file that someone overwrites while it is open gives undefined data.
 * One that becomes shorter ends the virtual machine (SIGBUS) at the first touch of what is missing,
 * or throws an {@link InternalError} where the virtual machine can tell what the access was for:
 * replace model files by renaming, as {@link GgufWriter} does.
 */
public final class GgufFile implements AutoCloseable {
  private final Arena arena;
  private final List<MappedGguf> shards;
  private final GgufMetadata metadata;
  private final List<GgufTensor> tensors;
  private final Map<String, Placed> byName;

  /** A tensor, and the file that it is in. */
  private record Placed(GgufTensor tensor, MappedGguf shard) {}

  private GgufFile(Arena arena, List<MappedGguf> shards) {
    this.arena = arena;
    this.shards = shards;
    this.metadata = shards.getFirst().header().metadata().without(ShardReader.PREFIX);
    this.tensors = shards.stream().flatMap(shard -> shard.header().tensors().stream()).toList();
    this.byName = HashMap.newHashMap(tensors.size());
    for (MappedGguf shard : shards) {
      shard.header().tensors().forEach(t -> byName.put(t.name(), new Placed(t, shard)));
    }
  }

  /**
   * Opens and checks a file, and with a shard all others.
   *
   * @throws GgufException if it cannot be read, or is not a sound GGUF file of version 2 or 3; if a
   *     shard is missing, or belongs to another model
   */
  public static GgufFile open(Path path) {
    Arena arena = Arena.ofShared();
    try {
      return new GgufFile(arena, ShardReader.open(path, arena, HeaderReader.heap()));
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /**
   * A model file's name without the folder and without {@code .gguf}: what its sidecars share. All
   * shards of a model have the same, and so has the file that they are merged to.
   */
  public static String stem(Path path) {
    return ShardName.stem(path);
  }

  /** The path under which the file was opened; of shards, that of the first. */
  public Path path() {
    return shards.getFirst().path();
  }

  /** The files that the model is in, in order: one, or its shards. */
  public List<Path> paths() {
    return shards.stream().map(MappedGguf::path).toList();
  }

  /**
   * The file to blame for a mapped page that is gone: the one that has become shorter since it was
   * opened; {@link #path} where none has.
   */
  public Path faulty() {
    return shards.stream()
        .filter(MappedGguf::isCut)
        .findFirst()
        .map(MappedGguf::path)
        .orElse(path());
  }

  /** The format's version, 2 or 3; of shards, the first one's. */
  public int version() {
    return shards.getFirst().header().version();
  }

  /** The alignment of tensor data in bytes, a power of two; of shards, the first one's. */
  public long alignment() {
    return shards.getFirst().header().alignment();
  }

  /**
   * Where in the file tensor data begins, in bytes; a multiple of the alignment. In a file without
   * tensors it may lie past the end. Of shards, each has its own, and this is the first one's.
   */
  public long dataOffset() {
    return shards.getFirst().header().dataOffset();
  }

  /** Size of the whole file in bytes, or of all shards together. */
  public long fileSize() {
    return shards.stream().mapToLong(shard -> shard.bytes().byteSize()).sum();
  }

  /** What the file says about the model. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** All tensors, in file order; one shard's after the other's. */
  public List<GgufTensor> tensors() {
    return tensors;
  }

  /** The tensor of that name, or empty if the file has none. */
  public Optional<GgufTensor> find(String name) {
    return Optional.ofNullable(byName.get(name)).map(Placed::tensor);
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
                        .formatted(path(), name, tensors().size()),
                    "The model was converted for something else, or not as a whole.",
                    -1));
  }

  /**
   * The bytes of a tensor of this file: a read-only slice of the mapping, {@link
   * GgufTensor#byteSize()} long, beginning at a multiple of the alignment. No copy is made.
   *
   * @throws IllegalArgumentException if the tensor is not one of this file's
   */
  public MemorySegment data(GgufTensor tensor) {
    return placed(tensor).shard().data(tensor);
  }

  /**
   * The file that holds a tensor: this one, or a shard.
   *
   * @throws IllegalArgumentException if the tensor is not one of this file's
   */
  public Path path(GgufTensor tensor) {
    return placed(tensor).shard().path();
  }

  private Placed placed(GgufTensor tensor) {
    Placed placed = byName.get(tensor.name());
    if (placed == null || !tensor.equals(placed.tensor())) {
      throw new IllegalArgumentException(path() + " has no tensor " + tensor);
    }
    return placed;
  }

  /** Whether {@link #close} has not been called yet. */
  public boolean isOpen() {
    return arena.scope().isAlive();
  }

  /** Unmaps all files. Closing twice does nothing. */
  @Override
  public synchronized void close() {
    SharedMemory.close(arena);
  }
}

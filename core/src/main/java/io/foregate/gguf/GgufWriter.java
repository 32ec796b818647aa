package io.foregate.gguf;

import io.foregate.files.FileKind;
import io.foregate.files.PartFile;
import io.foregate.files.PartSet;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * Writes a GGUF file of version 3: metadata and tensors are declared first, then {@link #write}
 * asks for the tensors' bytes, one tensor after the other, so that a file of any size takes little
 * memory.
 *
 * <pre>{@code
 * try (var writer = GgufWriter.to(path)) {
 *   writer
 *       .metadata("general.architecture", new GgufValue.Str("llama"))
 *       .tensor("output.weight", GgmlType.F32, List.of(256L, 4096L), out -> out.write(segment))
 *       .write();
 * }
 * }</pre>
 *
 * <p>The file is written as {@code NAME.part} and takes its name when it is complete and on disk.
 * On any failure, on interruption of the thread, or when {@link #close} is called before the end,
 * the part is deleted and a file that had the name before is untouched. Where {@link #shards} make
 * several files of it, that holds of all of them together. Used by one thread; only {@code close}
 * may be called by others too, such as one that handles Ctrl-C.
 */
public final class GgufWriter implements AutoCloseable {
  // ggml keeps names in 64 bytes including a final zero.
  private static final int MAX_NAME_BYTES = GgufParser.MAX_NAME_BYTES - 1;

  /** Supplies a tensor's bytes when the writer has come to it. */
  @FunctionalInterface
  public interface TensorData {
    /** Writes exactly {@link GgufTensor#byteSize()} bytes, in any number of pieces. */
    void writeTo(TensorOutput out);
  }

  /** Where the bytes of one tensor go. */
  public static final class TensorOutput {
    private final PartFile part;
    private final GgufTensor tensor;
    private long remaining;

    private TensorOutput(PartFile part, GgufTensor tensor) {
      this.part = part;
      this.tensor = tensor;
      this.remaining = tensor.byteSize();
    }

    /** The tensor whose bytes are expected. */
    public GgufTensor tensor() {
      return tensor;
    }

    /**
     * Appends bytes, which may be reused after the call.
     *
     * @throws IllegalArgumentException if that would be more than the tensor takes
     * @throws io.foregate.error.ForegateException if the disk refuses them, or the writer has been
     *     closed
     */
    public void write(MemorySegment bytes) {
      if (bytes.byteSize() > remaining) {
        throw new IllegalArgumentException(
            "tensor '%s' takes %d bytes more, got %d"
                .formatted(tensor.name(), remaining, bytes.byteSize()));
      }
      part.write(bytes);
      remaining -= bytes.byteSize();
    }

    private void finish() {
      if (remaining != 0) {
        throw new IllegalStateException(
            "tensor '%s' lacks %d of its %d bytes"
                .formatted(tensor.name(), remaining, tensor.byteSize()));
      }
    }
  }

  /** Lets a file that takes hours be gone on with after its writer was killed. */
  public interface Checkpoint {
    /** Bytes written between two checkpoints, at least. */
    long interval();

    /**
     * How many bytes an earlier run has left, all of them on disk.
     *
     * @param files those that are to be written, in order: only files that began with the same
     *     headers are to be gone on with
     * @return what {@link #reached} was told last; 0 to begin anew
     */
    long begin(List<GgufLayout> files);

    /** So many bytes are on disk, of all files together: a tensor's end. */
    void reached(long bytes);

    /**
     * All is on disk, under the names of parts. Where this throws, no file takes its own name.
     *
     * @param unfinished the part of the file, or of the first shard
     */
    default void complete(Path unfinished) {}

    /** Whether what has been written is kept, now that writing fails or is stopped. */
    boolean keepsUnfinished();
  }

  private record Declared(GgufTensor tensor, TensorData data) {}

  private final Path target;
  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final Map<String, Declared> tensors = new LinkedHashMap<>();
  private ShardLimit limit = ShardLimit.NONE;
  private PartSet parts;
  private boolean closed;

  private GgufWriter(Path target) {
    this.target = target;
  }

  /** A writer of that file. Nothing is created before {@link #write}. */
  public static GgufWriter to(Path target) {
    return new GgufWriter(target);
  }

  /** Sets a value; a key set before keeps its place. {@code general.alignment} takes effect. */
  public GgufWriter metadata(String key, GgufValue value) {
    int length = GgufEncoding.utf8(key).length;
    if (length == 0 || length > GgufParser.MAX_KEY_BYTES) {
      throw new IllegalArgumentException("a key of " + length + " bytes, expected 1 to 65535");
    }
    if (key.equals(GgufParser.ALIGNMENT_KEY)
        && GgufMetadata.toLong(value).filter(GgufParser::isAlignment).isEmpty()) {
      throw new IllegalArgumentException(
          "alignment %s, expected a power of two from %d to %d"
              .formatted(value, GgufParser.MIN_ALIGNMENT, GgufParser.MAX_ALIGNMENT));
    }
    metadata.put(key, value);
    return this;
  }

  /** Sets all values of another file. */
  public GgufWriter metadata(GgufMetadata all) {
    all.asMap().forEach(this::metadata);
    return this;
  }

  /** Aligns tensor data to that many bytes, a power of two from 8; the default is 32. */
  public GgufWriter alignment(int bytes) {
    return metadata(GgufParser.ALIGNMENT_KEY, new GgufValue.U32(bytes));
  }

  /**
   * Declares the next tensor.
   *
   * @param name of at most 63 bytes, as ggml accepts no longer one
   * @param shape as in {@link GgufTensor}
   * @param data asked for the bytes once, in {@link #write}
   */
  public GgufWriter tensor(String name, GgmlType type, List<Long> shape, TensorData data) {
    int length = GgufEncoding.utf8(name).length;
    if (length == 0 || length > MAX_NAME_BYTES) {
      throw new IllegalArgumentException(
          "tensor name '%s' of %d bytes, expected 1 to %d".formatted(name, length, MAX_NAME_BYTES));
    }
    var declared = new Declared(new GgufTensor(name, type, shape, 0), data);
    if (tensors.putIfAbsent(name, declared) != null) {
      throw new IllegalArgumentException("two tensors named '" + name + "'");
    }
    return this;
  }

  /** Declares the next tensor, whose bytes are at hand; they are read in {@link #write}. */
  public GgufWriter tensor(String name, GgmlType type, List<Long> shape, MemorySegment data) {
    return tensor(name, type, shape, out -> out.write(data));
  }

  /**
   * Writes a model that is larger in shards, {@code NAME-00001-of-00003.gguf} and so on where the
   * target is {@code NAME.gguf}.
   */
  public GgufWriter shards(ShardLimit most) {
    limit = most;
    return this;
  }

  /**
   * The tensors declared so far, with the offsets that they would have now in their file: the
   * target, or a shard.
   */
  public List<GgufTensor> tensors() {
    return files().stream().flatMap(file -> file.tensors().stream()).toList();
  }

  /** The files that would be written now, in order. */
  public List<Path> targets() {
    return files().stream().map(GgufLayout::target).toList();
  }

  private List<GgufLayout> files() {
    return GgufLayout.of(
        target, metadata, tensors.values().stream().map(Declared::tensor).toList(), limit);
  }

  /**
   * Writes the file. To be called once.
   *
   * @throws io.foregate.error.ForegateException if it cannot be written, was interrupted or closed;
   *     a failure of a {@link TensorData} is passed on as it is
   */
  public void write() {
    writeResumable(new Once());
  }

  /**
   * As {@link #write()}, going on with what an earlier run has left. Tensors that are in the files
   * already are not asked for.
   */
  public void writeResumable(Checkpoint checkpoint) {
    List<GgufLayout> files = files();
    long done = checkpoint.begin(files);
    GgufLayout first = files.getFirst();
    PartSet set = begin(() -> PartSet.begin(first.target(), kind(), Math.min(done, first.bytes())));
    try {
      writeAll(set, files, done, checkpoint);
      checkpoint.complete(PartFile.part(first.target()));
      set.commit();
    } catch (RuntimeException | Error e) {
      if (checkpoint.keepsUnfinished()) {
        set.keep();
      }
      throw e;
    } finally {
      set.close();
    }
  }

  private void writeAll(PartSet set, List<GgufLayout> files, long done, Checkpoint checkpoint) {
    long total = files.stream().mapToLong(GgufLayout::bytes).reduce(0, Math::addExact);
    long begin = 0;
    var reached = new long[] {done};
    for (int i = 0; i < files.size(); i++) {
      GgufLayout file = files.get(i);
      long before = Math.clamp(done - begin, 0, file.bytes());
      PartFile part = i == 0 ? set.current() : set.next(file.target(), before);
      part.requireSpace(before + total - Math.max(done, begin)); // of all that is to come
      long start = begin;
      write(
          file,
          part,
          before,
          position -> {
            if (start + position - reached[0] >= checkpoint.interval()) {
              part.force();
              checkpoint.reached(start + position);
              reached[0] = start + position;
            }
          });
      begin += file.bytes();
    }
    set.current().force();
  }

  /** Writes the tensors that end behind {@code done}, and tells where each ends. */
  private void write(GgufLayout file, PartFile part, long done, LongConsumer ended) {
    if (done == 0) {
      part.write(MemorySegment.ofArray(file.header()));
      part.pad(file.alignment());
    }
    for (GgufTensor tensor : file.tensors()) {
      if (file.end(tensor) > done) {
        var out = new TensorOutput(part, tensor);
        tensors.get(tensor.name()).data().writeTo(out);
        out.finish();
        part.pad(file.alignment());
        ended.accept(part.position());
      }
    }
  }

  private FileKind kind() {
    boolean imatrix = new GgufValue.Str("imatrix").equals(metadata.get("general.type"));
    return imatrix ? FileKind.IMATRIX : FileKind.GGUF;
  }

  /** Deletes what has been written if it is not complete; {@link #write} then fails, or did. */
  @Override
  public void close() {
    PartSet unfinished;
    synchronized (this) {
      closed = true;
      unfinished = parts;
    }
    if (unfinished != null) {
      unfinished.close();
    }
  }

  private synchronized PartSet begin(Supplier<PartSet> opening) {
    if (closed || parts != null) {
      throw new IllegalStateException("the writer of " + target + " has been used already");
    }
    parts = opening.get();
    return parts;
  }

  /** What is written once is not gone on with. */
  private static final class Once implements Checkpoint {
    @Override
    public long interval() {
      return Long.MAX_VALUE;
    }

    @Override
    public long begin(List<GgufLayout> files) {
      return 0;
    }

    @Override
    public void reached(long bytes) {}

    @Override
    public boolean keepsUnfinished() {
      return false;
    }
  }
}

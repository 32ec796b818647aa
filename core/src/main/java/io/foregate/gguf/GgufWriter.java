package io.foregate.gguf;

import io.foregate.files.FileKind;
import io.foregate.files.PartFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
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
 * the part is deleted and a file that had the name before is untouched. Used by one thread; only
 * {@code close} may be called by others too, such as one that handles Ctrl-C.
 */
public final class GgufWriter implements AutoCloseable {
  private static final int VERSION = 3;
  private static final byte[] MAGIC = {'G', 'G', 'U', 'F'};

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
     * @param header the file's first bytes: only a file that began with the same is to be gone on
     *     with
     * @return what {@link #reached} was told last; 0 to begin anew
     */
    long begin(byte[] header);

    /** The file's first bytes are on disk: a tensor's end. */
    void reached(long bytes);

    /**
     * The whole file is on disk, under its part's name. Where this throws, it never takes its own.
     */
    default void complete(Path unfinished) {}

    /** Whether what has been written is kept, now that writing fails or is stopped. */
    boolean keepsUnfinished();
  }

  private record Declared(GgufTensor tensor, TensorData data) {}

  private final Path target;
  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final Map<String, Declared> tensors = new LinkedHashMap<>();
  private PartFile part;
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

  /** The tensors declared so far, with the offsets that they would have now. */
  public List<GgufTensor> tensors() {
    long alignment = alignment();
    List<GgufTensor> placed = new ArrayList<>(tensors.size());
    long offset = 0;
    for (Declared declared : tensors.values()) {
      GgufTensor tensor = declared.tensor();
      placed.add(new GgufTensor(tensor.name(), tensor.type(), tensor.shape(), offset));
      offset = align(Math.addExact(offset, tensor.byteSize()), alignment);
    }
    return List.copyOf(placed);
  }

  /**
   * Writes the file. To be called once.
   *
   * @throws io.foregate.error.ForegateException if it cannot be written, was interrupted or closed;
   *     a failure of a {@link TensorData} is passed on as it is
   */
  public void write() {
    try (PartFile file = begin(() -> PartFile.create(target, kind()))) {
      writeHeader(file);
      writeTensors(file, 0, _ -> {});
      file.commit();
    }
  }

  /**
   * As {@link #write()}, going on with what an earlier run has left. Tensors that are in the file
   * already are not asked for.
   */
  public void writeResumable(Checkpoint checkpoint) {
    long done = checkpoint.begin(header(tensors()));
    PartFile file = begin(() -> PartFile.resume(target, kind(), done));
    try {
      if (done == 0) {
        writeHeader(file);
      }
      var reached = new long[] {done};
      writeTensors(
          file,
          done,
          position -> {
            if (position - reached[0] >= checkpoint.interval()) {
              file.force();
              checkpoint.reached(position);
              reached[0] = position;
            }
          });
      file.force();
      checkpoint.complete(PartFile.part(target));
      file.commit();
    } catch (RuntimeException | Error e) {
      if (checkpoint.keepsUnfinished()) {
        file.keep();
      }
      throw e;
    } finally {
      file.close();
    }
  }

  private FileKind kind() {
    boolean imatrix = new GgufValue.Str("imatrix").equals(metadata.get("general.type"));
    return imatrix ? FileKind.IMATRIX : FileKind.GGUF;
  }

  private void writeHeader(PartFile file) {
    file.write(MemorySegment.ofArray(header(tensors())));
    file.pad(alignment());
  }

  /** Writes the tensors that end behind {@code done}, and tells where each ends. */
  private void writeTensors(PartFile file, long done, LongConsumer ended) {
    long alignment = alignment();
    List<GgufTensor> placed = tensors();
    long data = align(header(placed).length, alignment);
    if (!placed.isEmpty()) {
      GgufTensor last = placed.getLast();
      file.requireSpace(Math.addExact(data, last.offset() + last.byteSize()));
    }
    for (GgufTensor tensor : placed) {
      if (align(data + tensor.offset() + tensor.byteSize(), alignment) > done) {
        var out = new TensorOutput(file, tensor);
        tensors.get(tensor.name()).data().writeTo(out);
        out.finish();
        file.pad(alignment);
        ended.accept(file.position());
      }
    }
  }

  /** Deletes what has been written if it is not complete; {@link #write} then fails, or did. */
  @Override
  public void close() {
    PartFile unfinished;
    synchronized (this) {
      closed = true;
      unfinished = part;
    }
    if (unfinished != null) {
      unfinished.close();
    }
  }

  private synchronized PartFile begin(Supplier<PartFile> opening) {
    if (closed || part != null) {
      throw new IllegalStateException("the writer of " + target + " has been used already");
    }
    part = opening.get();
    return part;
  }

  private long alignment() {
    return GgufMetadata.of(target.toString(), metadata)
        .longInteger(GgufParser.ALIGNMENT_KEY, GgufParser.DEFAULT_ALIGNMENT);
  }

  private static long align(long offset, long alignment) {
    return Math.addExact(offset, alignment - 1) & -alignment;
  }

  private byte[] header(List<GgufTensor> placed) {
    var out = new GgufEncoding.Output();
    out.raw(MAGIC).u32(VERSION).u64(placed.size()).u64(metadata.size());
    metadata.forEach((key, value) -> out.string(key).u32(value.type().id()).value(value));
    for (GgufTensor tensor : placed) {
      out.string(tensor.name()).u32(tensor.rank());
      tensor.shape().forEach(out::u64);
      out.u32(tensor.type().id()).u64(tensor.offset());
    }
    return out.toByteArray();
  }
}

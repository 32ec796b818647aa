package io.foregate.backend;

import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.InputFile;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.quant.format.Quants;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How much each input of each matrix matters: the mean of its square over the tokens of a text. An
 * error in a weight changes the output in proportion to the input that it meets.
 *
 * <p>The file is llama.cpp's importance matrix in GGUF, which either program reads and writes: for
 * each tensor {@code NAME.in_sum2}, sums of squares {@code [columns, matrices]}, and {@code
 * NAME.counts}, tokens {@code [1, matrices]}; a matrix is an expert, where there are several.
 * Source: {@code save_imatrix} in llama.cpp's {@code tools/imatrix/imatrix.cpp}. Immutable.
 */
public final class ImportanceMatrix {
  /** Knows of no tensor. */
  public static final ImportanceMatrix NONE = new ImportanceMatrix("", Map.of());

  private static final String TYPE_KEY = "general.type";
  private static final String TYPE = "imatrix";
  private static final String SUMS = ".in_sum2";
  private static final String COUNTS = ".counts";

  private final String source;
  private final Map<String, Entry> entries;

  /** Sums of squares, {@code [matrices][columns]}, and how many tokens they are of. */
  record Entry(float[] sums, float[] counts) {
    int columns() {
      return sums.length / counts.length;
    }

    private float[] means() {
      float[] means = new float[sums.length];
      for (int i = 0; i < means.length; i++) {
        float count = counts[i / columns()];
        means[i] = count > 0 ? sums[i] / count : 0;
      }
      return means;
    }
  }

  private ImportanceMatrix(String source, Map<String, Entry> entries) {
    this.source = source;
    this.entries = entries;
  }

  static ImportanceMatrix of(Map<String, Entry> entries) {
    return new ImportanceMatrix("the text", Map.copyOf(entries));
  }

  /** Names of the tensors that it knows of. */
  public int size() {
    return entries.size();
  }

  /**
   * Mean squares of a tensor's inputs, {@code [matrices][columns]}; all zero for an expert that was
   * never used; empty if nothing is known of the tensor.
   *
   * @param matrices experts in the tensor, or 1
   * @throws ForegateException if the file says it of a tensor of another shape
   */
  public Optional<float[]> of(String tensor, long columns, long matrices) {
    Entry entry = entries.get(tensor);
    if (entry == null) {
      return Optional.empty();
    }
    if (entry.counts().length != matrices || entry.columns() != columns) {
      throw new ForegateException(
          "%s: tensor '%s' has %d matrices of %d columns, expected %d of %d, as in the model."
              .formatted(source, tensor, entry.counts().length, entry.columns(), matrices, columns),
          "The importance matrix was made with another model: make it with this one.");
    }
    return Optional.of(entry.means());
  }

  /**
   * Reads a file.
   *
   * @throws ForegateException if it is no importance matrix, or damaged
   */
  public static ImportanceMatrix read(Path path) {
    requireKind(path);
    try (GgufFile file = GgufFile.open(path)) {
      String type = file.metadata().string(TYPE_KEY, "");
      if (!type.equals(TYPE)) {
        throw new ForegateException(
            "%s: is not an importance matrix: %s is '%s', expected '%s'."
                .formatted(path, TYPE_KEY, type, TYPE),
            "'foregate trace' makes an [[importance matrix]], and so does llama-imatrix.");
      }
      Map<String, Entry> entries = new HashMap<>();
      for (GgufTensor tensor : file.tensors()) {
        if (tensor.name().endsWith(SUMS)) {
          String name = tensor.name().substring(0, tensor.name().length() - SUMS.length());
          entries.put(name, entry(file, tensor, file.tensor(name + COUNTS)));
        }
      }
      return new ImportanceMatrix(path.toString(), Map.copyOf(entries));
    }
  }

  /** Of a GGUF file only its metadata tells, wherever in it its type is. */
  private static void requireKind(Path path) {
    try (FileChannel file = InputFile.open(path, FileKind.IMATRIX.title())) {
      FileKind found = FileKind.of(file);
      if (found != FileKind.GGUF) {
        FileKind.IMATRIX.require(path.toString(), found);
      }
    } catch (IOException e) {
      throw InputFile.unreadable(path, e);
    }
  }

  private static Entry entry(GgufFile file, GgufTensor sums, GgufTensor counts) {
    var entry = new Entry(floats(file, sums), floats(file, counts));
    long matrices = counts.elements();
    if (matrices == 0 || sums.elements() != sums.dim(0) * matrices) {
      throw new ForegateException(
          "%s: tensor '%s' has shape %s, and '%s' counts %d matrices."
              .formatted(file.path(), sums.name(), sums.shape(), counts.name(), matrices),
          "The file is damaged: make the importance matrix again.");
    }
    for (float sum : entry.sums()) {
      if (!(sum >= 0) || Float.isInfinite(sum)) {
        throw new ForegateException(
            "%s: tensor '%s' holds %s, expected sums of squares."
                .formatted(file.path(), sums.name(), sum),
            "The file is damaged: make the importance matrix again.");
      }
    }
    return entry;
  }

  private static float[] floats(GgufFile file, GgufTensor tensor) {
    if (tensor.type() != GgmlType.F32) {
      throw new ForegateException(
          "%s: tensor '%s' has type %s, expected F32."
              .formatted(file.path(), tensor.name(), tensor.type()),
          "Is this an importance matrix?");
    }
    float[] values = new float[Math.toIntExact(tensor.elements())];
    Quants.decode(GgmlType.F32, file.data(tensor), 0, values, 0, values.length);
    return values;
  }

  /**
   * Writes a file that llama.cpp reads, too.
   *
   * @param texts names of what was read
   * @param chunks pieces of text that were fed
   * @param chunkSize tokens of each
   */
  public void write(Path path, List<String> texts, int chunks, int chunkSize) {
    try (GgufWriter writer = GgufWriter.to(path)) {
      writer
          .metadata(TYPE_KEY, new GgufValue.Str(TYPE))
          .metadata("imatrix.datasets", GgufArray.ofStrings(texts))
          .metadata("imatrix.chunk_count", new GgufValue.U32(chunks))
          .metadata("imatrix.chunk_size", new GgufValue.U32(chunkSize));
      new TreeMap<>(entries)
          .forEach(
              (name, entry) -> {
                long columns = entry.columns();
                long matrices = entry.counts().length;
                writer.tensor(
                    name + SUMS, GgmlType.F32, List.of(columns, matrices), bytes(entry.sums()));
                writer.tensor(
                    name + COUNTS, GgmlType.F32, List.of(1L, matrices), bytes(entry.counts()));
              });
      writer.write();
    }
  }

  private static MemorySegment bytes(float[] values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return MemorySegment.ofArray(buffer.array());
  }
}

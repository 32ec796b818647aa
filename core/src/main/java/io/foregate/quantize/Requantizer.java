package io.foregate.quantize;

import io.foregate.backend.ImportanceMatrix;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.gguf.GgufWriter.TensorOutput;
import io.foregate.inspect.TensorPart;
import io.foregate.quant.encode.WeightQuantizer;
import io.foregate.quant.encode.WeightQuantizer.Method;
import io.foregate.quant.format.Quants;
import io.foregate.work.WorkListener;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Copies a GGUF file, writing some tensors in another type. Tensors stream through a few buffers:
 * memory does not grow with the file. Used by one thread; the rounding is done by its workers.
 */
final class Requantizer implements AutoCloseable {
  /** Weights that a worker rounds at a time, about; a whole number of rows. */
  private static final int CHUNK_WEIGHTS = 1 << 18;

  /** Chunks per worker between two writes: evens out workers of different speed. */
  private static final int CHUNKS_PER_WORKER = 4;

  /** Bytes that are copied between two looks at the cancellation. */
  private static final long COPY_BYTES = 64L << 20;

  /** Version of ggml's quantized formats (GGML_QNT_VERSION). */
  private static final int QUANTIZATION_VERSION = 2;

  /** {@code general.file_type} for a file mostly in a type: enum llama_ftype of llama.h. */
  private static final Map<GgmlType, Integer> FILE_TYPES =
      Map.ofEntries(
          Map.entry(GgmlType.F32, 0),
          Map.entry(GgmlType.F16, 1),
          Map.entry(GgmlType.Q4_0, 2),
          Map.entry(GgmlType.Q4_1, 3),
          Map.entry(GgmlType.Q8_0, 7),
          Map.entry(GgmlType.Q5_0, 8),
          Map.entry(GgmlType.Q5_1, 9),
          Map.entry(GgmlType.Q2_K, 10),
          Map.entry(GgmlType.Q3_K, 11),
          Map.entry(GgmlType.Q4_K, 14),
          Map.entry(GgmlType.Q5_K, 16),
          Map.entry(GgmlType.Q6_K, 18),
          Map.entry(GgmlType.IQ4_NL, 25),
          Map.entry(GgmlType.IQ4_XS, 30),
          Map.entry(GgmlType.BF16, 32),
          Map.entry(GgmlType.MXFP4, 38));

  private final GgufFile file;
  private final QuantizePlan plan;
  private final Method method;
  private final ImportanceMatrix importance;
  private final WorkListener listener;
  private final ExecutorService workers;
  private final int chunksAtOnce;
  private final List<QuantizeReport.Tensor> rounded = new ArrayList<>();

  Requantizer(
      GgufFile file,
      QuantizePlan plan,
      Method method,
      ImportanceMatrix importance,
      int threads,
      WorkListener listener) {
    this.file = file;
    this.plan = plan;
    this.method = method;
    this.importance = importance;
    this.listener = listener;
    this.workers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("foregate-quantize-", 0).factory());
    this.chunksAtOnce = threads * CHUNKS_PER_WORKER;
  }

  /** What writes the copy, when it is told to. */
  GgufWriter writer(Path target) {
    GgufWriter writer = GgufWriter.to(target).metadata(file.metadata());
    describe(writer);
    for (GgufTensor tensor : file.tensors()) {
      QuantizePlan.Target chosen = plan.targets().get(tensor);
      if (chosen != null) {
        writer.tensor(
            tensor.name(),
            chosen.type(),
            tensor.shape(),
            out -> rounded.add(round(tensor, chosen, out)));
      } else {
        writer.tensor(
            tensor.name(),
            tensor.type(),
            tensor.shape(),
            out -> copy(file.data(tensor), out, listener));
      }
    }
    return writer;
  }

  /** What became of each chosen tensor. */
  List<QuantizeReport.Tensor> rounded() {
    return List.copyOf(rounded);
  }

  /** The file's type is that of most of its weights. */
  private void describe(GgufWriter writer) {
    Map<GgmlType, Long> weights = new EnumMap<>(GgmlType.class);
    for (GgufTensor tensor : file.tensors()) {
      QuantizePlan.Target chosen = plan.targets().get(tensor);
      GgmlType type = chosen == null ? tensor.type() : chosen.type();
      weights.merge(type, tensor.elements(), Long::sum);
    }
    GgmlType most = Collections.max(weights.entrySet(), Map.Entry.comparingByValue()).getKey();
    if (FILE_TYPES.containsKey(most)) {
      writer.metadata("general.file_type", new GgufValue.U32(FILE_TYPES.get(most)));
    }
    if (weights.keySet().stream().anyMatch(GgmlType::isQuantized)) {
      writer.metadata("general.quantization_version", new GgufValue.U32(QUANTIZATION_VERSION));
    }
  }

  /** Copies a tensor as it is, in pieces, and looks in between whether it is to go on. */
  static void copy(MemorySegment data, TensorOutput out, WorkListener listener) {
    for (long from = 0; from < data.byteSize(); from += COPY_BYTES) {
      listener.check();
      out.write(data.asSlice(from, Math.min(COPY_BYTES, data.byteSize() - from)));
    }
  }

  private QuantizeReport.Tensor round(
      GgufTensor tensor, QuantizePlan.Target target, TensorOutput out) {
    long columns = tensor.dim(0);
    long rows = tensor.elements() / columns;
    long matrices = tensor.rank() > 2 ? tensor.dim(2) : 1;
    float[] weight = importance.of(tensor.name(), columns, matrices).orElse(null);
    long rowsPerChunk = Math.clamp(CHUNK_WEIGHTS / columns, 1, rows);
    List<Chunk> chunks = new ArrayList<>();
    for (int i = 0; i < Math.min(chunksAtOnce, Math.ceilDiv(rows, rowsPerChunk)); i++) {
      chunks.add(new Chunk(tensor, target.type(), weight, matrices, Math.toIntExact(rowsPerChunk)));
    }
    List<Future<MemorySegment>> pending = new ArrayList<>();
    for (long row = 0; row < rows; ) {
      listener.check();
      long first = row;
      for (int i = 0; i < chunks.size() && row < rows; i++, row += rowsPerChunk) {
        Chunk chunk = chunks.get(i);
        long from = row;
        int count = Math.toIntExact(Math.min(rowsPerChunk, rows - row));
        pending.add(workers.submit(() -> chunk.round(from, count)));
      }
      pending.forEach(part -> out.write(result(part)));
      pending.clear();
      listener.advance((Math.min(row, rows) - first) * columns);
    }
    return outcome(tensor, target, chunks);
  }

  private static QuantizeReport.Tensor outcome(
      GgufTensor tensor, QuantizePlan.Target target, List<Chunk> chunks) {
    double squares = chunks.stream().mapToDouble(chunk -> chunk.squares).sum();
    double errors = chunks.stream().mapToDouble(chunk -> chunk.errors).sum();
    double greatest = chunks.stream().mapToDouble(chunk -> chunk.greatest).max().orElse(0);
    long bytes = target.type().byteSize(tensor.elements());
    return new QuantizeReport.Tensor(
        tensor.name(),
        TensorPart.of(tensor.name()).label(),
        tensor.type().name(),
        target.wanted().name(),
        target.type().name(),
        tensor.elements(),
        bytes,
        8.0 * bytes / tensor.elements(),
        squares > 0 ? Math.sqrt(errors / squares) : 0,
        greatest);
  }

  private static MemorySegment result(Future<MemorySegment> part) {
    try {
      return part.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ForegateException("interrupted while quantizing", "Run it again.", e);
    }
  }

  @Override
  public void close() {
    workers.close();
  }

  /** One worker's buffers, and what its rounding did. */
  private final class Chunk {
    private final GgufTensor tensor;
    private final GgmlType type;
    private final float[] importance;
    private final long rowsPerMatrix;
    private final int columns;
    private final MemorySegment source;
    private final WeightQuantizer quantizer;
    private final float[] weights;
    private final float[] back;
    private final MemorySegment rounded;
    private double squares;
    private double errors;
    private double greatest;

    /**
     * @param importance of each input, {@code [matrices][columns]}, or null
     */
    Chunk(GgufTensor tensor, GgmlType type, float[] importance, long matrices, int rows) {
      this.tensor = tensor;
      this.type = type;
      this.importance = importance;
      this.columns = Math.toIntExact(tensor.dim(0));
      this.rowsPerMatrix = tensor.elements() / columns / matrices;
      this.source = file.data(tensor);
      this.quantizer = new WeightQuantizer(type, method);
      this.weights = new float[Math.multiplyExact(rows, columns)];
      this.back = new float[weights.length];
      this.rounded = MemorySegment.ofArray(new byte[Math.toIntExact(type.byteSize(back.length))]);
    }

    /** Rounds {@code count} rows from {@code first} on. */
    MemorySegment round(long first, int count) {
      int n = count * columns;
      long from = tensor.type().byteSize(first * columns);
      Quants.decode(tensor.type(), source, from, weights, 0, n);
      requireFinite(n);
      for (int r = 0; r < count; r++) {
        int matrix = (int) ((first + r) / rowsPerMatrix);
        int at = r * columns;
        quantizer.quantize(
            weights, at, importance, matrix * columns, rounded, type.byteSize(at), columns);
      }
      measure(n);
      return rounded.asSlice(0, type.byteSize(n));
    }

    private void measure(int n) {
      Quants.decode(type, rounded, 0, back, 0, n);
      for (int i = 0; i < n; i++) {
        double error = Math.abs((double) back[i] - weights[i]);
        squares += (double) weights[i] * weights[i];
        errors += error * error;
        greatest = Math.max(greatest, error);
      }
    }

    private void requireFinite(int count) {
      for (int i = 0; i < count; i++) {
        if (!Float.isFinite(weights[i])) {
          throw new ForegateException(
              "%s: tensor '%s' holds the weight %s, expected a number"
                  .formatted(file.path(), tensor.name(), weights[i]),
              "The model is damaged: get another copy, or convert it again.");
        }
      }
    }
  }
}

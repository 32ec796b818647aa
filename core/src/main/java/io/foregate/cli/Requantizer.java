package io.foregate.cli;

import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.gguf.GgufWriter.TensorOutput;
import io.foregate.quant.Quants;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
  private final GgmlType type;
  private final Cancellation cancellation;
  private final ExecutorService workers;
  private final int chunksAtOnce;

  Requantizer(GgufFile file, GgmlType type, int threads, Cancellation cancellation) {
    this.file = file;
    this.type = type;
    this.cancellation = cancellation;
    this.workers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("foregate-quantize-", 0).factory());
    this.chunksAtOnce = threads * CHUNKS_PER_WORKER;
  }

  /**
   * Writes the copy. When this throws, no file has been made or changed.
   *
   * @param chosen the tensors to round anew
   * @param progress told of every chosen weight
   */
  void write(Path target, List<GgufTensor> chosen, Progress progress) {
    Set<GgufTensor> anew = new HashSet<>(chosen);
    try (GgufWriter writer = GgufWriter.to(target)) {
      writer.metadata(file.metadata());
      writer.metadata("general.file_type", new GgufValue.U32(FILE_TYPES.get(type)));
      if (type.isQuantized()) {
        writer.metadata("general.quantization_version", new GgufValue.U32(QUANTIZATION_VERSION));
      }
      for (GgufTensor tensor : file.tensors()) {
        if (anew.contains(tensor)) {
          writer.tensor(tensor.name(), type, tensor.shape(), out -> round(tensor, out, progress));
        } else {
          writer.tensor(tensor.name(), tensor.type(), tensor.shape(), out -> copy(tensor, out));
        }
      }
      writer.write();
    }
  }

  private void copy(GgufTensor tensor, TensorOutput out) {
    MemorySegment data = file.data(tensor);
    for (long from = 0; from < data.byteSize(); from += COPY_BYTES) {
      cancellation.check();
      out.write(data.asSlice(from, Math.min(COPY_BYTES, data.byteSize() - from)));
    }
  }

  private void round(GgufTensor tensor, TensorOutput out, Progress progress) {
    long columns = tensor.dim(0);
    long rows = tensor.elements() / columns;
    long rowsPerChunk = Math.clamp(CHUNK_WEIGHTS / columns, 1, rows);
    List<Chunk> chunks = new ArrayList<>();
    for (int i = 0; i < Math.min(chunksAtOnce, Math.ceilDiv(rows, rowsPerChunk)); i++) {
      chunks.add(new Chunk(tensor, Math.toIntExact(rowsPerChunk * columns)));
    }
    List<Future<MemorySegment>> pending = new ArrayList<>();
    for (long row = 0; row < rows; ) {
      cancellation.check();
      long first = row;
      for (int i = 0; i < chunks.size() && row < rows; i++, row += rowsPerChunk) {
        Chunk chunk = chunks.get(i);
        long from = row * columns;
        int weights = Math.toIntExact(Math.min(rowsPerChunk, rows - row) * columns);
        pending.add(workers.submit(() -> chunk.round(from, weights)));
      }
      pending.forEach(part -> out.write(result(part)));
      pending.clear();
      progress.step((Math.min(row, rows) - first) * columns);
    }
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
      throw new CommandException("interrupted while quantizing", "Run it again.", e);
    }
  }

  @Override
  public void close() {
    workers.close();
  }

  /** One worker's buffers. */
  private final class Chunk {
    private final GgufTensor tensor;
    private final MemorySegment source;
    private final float[] weights;
    private final MemorySegment rounded;

    Chunk(GgufTensor tensor, int capacity) {
      this.tensor = tensor;
      this.source = file.data(tensor);
      this.weights = new float[capacity];
      this.rounded = MemorySegment.ofArray(new byte[Math.toIntExact(type.byteSize(capacity))]);
    }

    /** Rounds {@code count} weights from {@code from} on. */
    MemorySegment round(long from, int count) {
      Quants.decode(tensor.type(), source, tensor.type().byteSize(from), weights, 0, count);
      requireFinite(count);
      Quants.quantize(type, weights, 0, rounded, 0, count);
      return rounded.asSlice(0, type.byteSize(count));
    }

    private void requireFinite(int count) {
      for (int i = 0; i < count; i++) {
        if (!Float.isFinite(weights[i])) {
          throw new CommandException(
              "%s: tensor '%s' holds the weight %s, expected a number"
                  .formatted(file.path(), tensor.name(), weights[i]),
              "The model is damaged: get another copy, or convert it again.");
        }
      }
    }
  }
}

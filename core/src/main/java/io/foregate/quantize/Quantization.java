package io.foregate.quantize;

import io.foregate.backend.ImportanceMatrix;
import io.foregate.error.ForegateException;
import io.foregate.files.Target;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufWriter;
import io.foregate.gguf.ShardLimit;
import io.foregate.work.WorkListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Writes a model anew with some of its tensors in other types; the rest is kept.
 *
 * <pre>{@code
 * QuantizeOptions options =
 *     QuantizeOptions.of(TypeRule.ofPart(TensorPart.EXPERTS, "Q4_K"), TypeRule.parse("0-3=Q6_K"));
 * QuantizeReport report =
 *     Quantization.write(
 *         Path.of("model.gguf"), Path.of("small.gguf"), options, WorkListener.NONE);
 * System.out.println(report.bitsPerWeight());
 * }</pre>
 */
public final class Quantization {
  private Quantization() {}

  /**
   * Writes a model anew. When this throws, no file has been made or changed.
   *
   * @param in the model: a GGUF file, or any of its shards
   * @param out the GGUF file to write, or what its shards are called after
   * @param listener told of every weight that is rounded
   * @throws ForegateException when the model cannot be read, a rule covers nothing, or the file
   *     cannot be written
   */
  public static QuantizeReport write(
      Path in, Path out, QuantizeOptions options, WorkListener listener) {
    Objects.requireNonNull(in, "in");
    Objects.requireNonNull(out, "out");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(listener, "listener");
    long begin = System.nanoTime();
    try (GgufFile file = GgufFile.open(in)) {
      QuantizePlan plan = QuantizePlan.of(file, options.rules());
      ImportanceMatrix importance =
          options.importance().map(ImportanceMatrix::read).orElse(ImportanceMatrix.NONE);
      int threads =
          options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors();
      long weights = plan.targets().keySet().stream().mapToLong(GgufTensor::elements).sum();
      try (var requantizer =
              new Requantizer(
                  file, plan, options.method().method(), importance, threads, listener);
          GgufWriter writer = requantizer.writer(out)) {
        writer.shards(new ShardLimit(options.shardBytes(), options.shardTensors()));
        List<Path> targets = writer.targets();
        requireFree(file, targets, options.replace());
        listener.begin("quantize", weights, "weights");
        writer.write();
        double seconds = (System.nanoTime() - begin) / 1e9;
        return report(file, targets.getFirst(), options, requantizer.rounded(), seconds);
      }
    }
  }

  /** Refuses files that are there, or are read. */
  static void requireFree(GgufFile file, List<Path> targets, boolean replace) {
    for (Path target : targets) {
      file.paths().forEach(read -> requireOther(read, target));
      Target.requireAbsent(target, replace);
    }
  }

  /**
   * Refuses to write the file that is read.
   *
   * @throws ForegateException if both are one
   */
  public static void requireOther(Path in, Path out) {
    Objects.requireNonNull(in, "in");
    Objects.requireNonNull(out, "out");
    try {
      if (Files.exists(out) && Files.isSameFile(in, out)) {
        throw new ForegateException(
            "%s is both the model to read and the file to write".formatted(in),
            "Write to another file, then rename it.");
      }
    } catch (IOException e) {
      throw new ForegateException(
          "%s: cannot be looked at: %s".formatted(out, e.getMessage()), "Check the path.", e);
    }
  }

  private static QuantizeReport report(
      GgufFile file,
      Path out,
      QuantizeOptions options,
      List<QuantizeReport.Tensor> tensors,
      double seconds) {
    long weights = file.tensors().stream().mapToLong(GgufTensor::elements).sum();
    long bytes;
    long size;
    int shards;
    try (GgufFile written = GgufFile.open(out)) {
      bytes = written.tensors().stream().mapToLong(GgufTensor::byteSize).sum();
      size = written.fileSize();
      shards = written.paths().size();
    }
    return new QuantizeReport(
        out.toString(),
        shards,
        file.path().toString(),
        options.method().name().toLowerCase(Locale.ROOT),
        options.importance().map(Path::toString).orElse(null),
        QuantizeReport.count(tensors.stream().map(QuantizeReport.Tensor::before).toList()),
        QuantizeReport.count(tensors.stream().map(QuantizeReport.Tensor::after).toList()),
        tensors.size(),
        file.tensors().size() - tensors.size(),
        file.fileSize(),
        size,
        8.0 * bytes / weights,
        seconds,
        QuantizeReport.parts(tensors),
        tensors);
  }
}

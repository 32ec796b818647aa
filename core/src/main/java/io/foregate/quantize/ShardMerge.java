package io.foregate.quantize;

import io.foregate.error.ForegateException;
import io.foregate.files.MappedFault;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufWriter;
import io.foregate.work.WorkListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Joins the shards of a model to one file: the same metadata, but for what says how it is split,
 * and the same tensors, byte by byte and in the same order.
 *
 * <pre>{@code
 * ShardMerge.write(
 *     Path.of("model-00001-of-00003.gguf"), Path.of("model.gguf"), false, WorkListener.NONE);
 * }</pre>
 */
public final class ShardMerge {
  private ShardMerge() {}

  /**
   * What was joined.
   *
   * @param model the file that was written
   * @param source the first shard
   * @param shards how many there were
   * @param bytes of the file
   */
  public record Result(
      String model, String source, int shards, int tensors, long bytes, double seconds) {}

  /**
   * Writes the file. When this throws, no file has been made or changed.
   *
   * @param shard any of them
   * @param out the GGUF file to write
   * @param replace whether a file that is there may be replaced
   * @param listener told of every byte of tensors
   * @throws ForegateException when a shard is missing or another model's, there is only one file,
   *     or it cannot be written
   */
  public static Result write(Path shard, Path out, boolean replace, WorkListener listener) {
    Objects.requireNonNull(shard, "shard");
    Objects.requireNonNull(out, "out");
    Objects.requireNonNull(listener, "listener");
    long begin = System.nanoTime();
    try (GgufFile file = GgufFile.open(shard)) {
      requireShards(file);
      Quantization.requireFree(file, List.of(out), replace);
      copy(file, out, listener);
      double seconds = (System.nanoTime() - begin) / 1e9;
      int shards = file.paths().size();
      try (GgufFile written = GgufFile.open(out)) {
        return new Result(
            out.toString(),
            file.path().toString(),
            shards,
            written.tensors().size(),
            written.fileSize(),
            seconds);
      }
    }
  }

  private static void copy(GgufFile file, Path out, WorkListener listener) {
    try (GgufWriter writer = GgufWriter.to(out).metadata(file.metadata())) {
      for (GgufTensor tensor : file.tensors()) {
        writer.tensor(
            tensor.name(),
            tensor.type(),
            tensor.shape(),
            to -> {
              Requantizer.copy(file.data(tensor), to, listener);
              listener.advance(tensor.byteSize());
            });
      }
      long bytes = file.tensors().stream().mapToLong(GgufTensor::byteSize).sum();
      listener.begin("merge", bytes, "bytes");
      writer.write();
    } catch (RuntimeException | InternalError e) {
      throw MappedFault.rethrow(e, file.faulty());
    }
  }

  private static void requireShards(GgufFile file) {
    if (file.paths().size() == 1) {
      throw new ForegateException(
          file.path() + ": holds all of its model, expected one of several shards",
          "There is nothing to merge: use the file as it is.");
    }
  }
}

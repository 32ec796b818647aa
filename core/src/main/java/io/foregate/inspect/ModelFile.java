package io.foregate.inspect;

import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufValue;
import io.foregate.options.KvType;
import io.foregate.report.Table;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A GGUF file, or all shards of one, that is looked at, whether or not this build can run it.
 *
 * <pre>{@code
 * try (ModelFile file = ModelFile.open(Path.of("model.gguf"))) {
 *   Inspection facts = file.inspect(4096, KvType.F16);
 *   VramFit fit = VramFit.of(facts, 8L << 30);
 *   System.out.println(fit.expertSlots() + " of " + fit.experts() + " experts fit");
 * }
 * }</pre>
 *
 * <p>Safe for use by many threads until it is closed.
 */
public final class ModelFile implements AutoCloseable {
  private static final int MAX_VALUE_CHARS = 80;

  private final GgufFile file;

  private ModelFile(GgufFile file) {
    this.file = file;
  }

  /**
   * A tensor as the file's directory has it.
   *
   * @param shape the innermost dimension first
   * @param shard the file that it is in, from 1
   * @param offset of its first byte, from where that file's data begin
   */
  public record Tensor(
      String name, String type, List<Long> shape, int shard, long offset, long bytes) {}

  /**
   * Opens a file, and with a shard of a model all others.
   *
   * @throws io.foregate.error.ForegateException when it cannot be read, or is no GGUF file; when a
   *     shard is missing or another model's
   */
  public static ModelFile open(Path file) {
    Objects.requireNonNull(file, "file");
    return new ModelFile(GgufFile.open(file));
  }

  /**
   * What the file holds, as numbers.
   *
   * @param context tokens of the KV cache to reckon with; 0 for the model's own
   * @param kvType type of the KV cache's elements
   */
  public Inspection inspect(int context, KvType kvType) {
    Objects.requireNonNull(kvType, "kvType");
    return Inspection.of(file, Support.obstacle(file), context, kvType);
  }

  /** Why this build cannot run the model, in a sentence; empty where it can. */
  public Optional<String> obstacle() {
    return Optional.ofNullable(Support.obstacle(file));
  }

  /** Every tensor, in the file's order. */
  public List<Tensor> tensors() {
    Map<Path, Integer> shards = new HashMap<>();
    file.paths().forEach(path -> shards.put(path, shards.size() + 1));
    return file.tensors().stream().map(t -> tensor(t, shards.get(file.path(t)))).toList();
  }

  private static Tensor tensor(GgufTensor tensor, int shard) {
    return new Tensor(
        tensor.name(),
        tensor.type().name(),
        tensor.shape(),
        shard,
        tensor.offset(),
        tensor.byteSize());
  }

  /** Every metadata entry as a line of text, in the file's order; long values are shortened. */
  public Map<String, String> metadata() {
    Map<String, String> table = new LinkedHashMap<>();
    file.metadata().asMap().forEach((key, value) -> table.put(Table.oneLine(key), show(value)));
    return table;
  }

  private static String show(GgufValue value) {
    return switch (value) {
      case GgufArray array ->
          "[%d x %s]".formatted(array.size(), array.elementType().name().toLowerCase(Locale.ROOT));
      case GgufValue.Str(String text) -> shorten(Table.oneLine(text));
      case GgufValue.F32(float v) -> Float.toString(v);
      case GgufValue.F64(double v) -> Double.toString(v);
      case GgufValue.Bool(boolean v) -> Boolean.toString(v);
      case GgufValue.U64(long v) -> Long.toUnsignedString(v);
      case GgufValue.I64(long v) -> Long.toString(v);
      case GgufValue.U32(long v) -> Long.toString(v);
      case GgufValue.I32(int v) -> Integer.toString(v);
      case GgufValue.U16(int v) -> Integer.toString(v);
      case GgufValue.I16(short v) -> Short.toString(v);
      case GgufValue.U8(int v) -> Integer.toString(v);
      case GgufValue.I8(byte v) -> Byte.toString(v);
    };
  }

  private static String shorten(String text) {
    return text.length() <= MAX_VALUE_CHARS
        ? text
        : text.substring(0, MAX_VALUE_CHARS) + "... (" + text.length() + " characters)";
  }

  @Override
  public void close() {
    file.close();
  }
}

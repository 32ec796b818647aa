package io.foregate.convert;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * A Hugging Face folder on its way into a GGUF file: everything has been read and checked but the
 * weights themselves. Tensors stream from mapped files: memory does not grow with the model. For
 * one thread.
 */
public final class Conversion implements AutoCloseable {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Version of ggml's quantized formats (GGML_QNT_VERSION). */
  private static final int QUANTIZATION_VERSION = 2;

  private static final System.Logger LOG = System.getLogger(Conversion.class.getName());
  private static final String WINDOW_KEY = "attention.sliding_window";

  private final HfFolder folder;
  private final OutType type;
  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final Map<String, float[]> vectors;
  private final List<TargetTensor> tensors;

  private Conversion(HfFolder folder, ConvertOptions options) {
    this.folder = folder;
    HfConfig config = HfConfig.read(folder.path());
    HfFamily family = HfFamilies.of(config);
    family.demands().forEach(demand -> demand.check(config));
    warnOfWindow(config, family);
    this.type = options.type().orElseGet(() -> OutType.of(folder.tensors()));
    this.tensors = TensorPlan.of(family, config, folder, type);
    general(family, options.name().orElseGet(() -> name(folder.path())));
    RopeKeys rope = RopeKeys.of(config, family);
    this.vectors = rope.tensors();
    keys(family.architecture(), config, family, rope);
    metadata.putAll(VocabularyReader.read(folder.path(), config, options.pre()));
    sampling();
  }

  /**
   * Files of most families have no place for a sliding window, and whoever reads them, llama.cpp
   * too, lets every token see all before it: the same text up to the window, and another beyond.
   */
  private static void warnOfWindow(HfConfig config, HfFamily family) {
    long window = config.integer("sliding_window").orElse(0);
    boolean kept = family.keys().stream().anyMatch(rule -> rule.key().equals(WINDOW_KEY));
    if (window > 0
        && window < config.integer("max_position_embeddings").orElse(Long.MAX_VALUE)
        && config.bool("use_sliding_window", true)
        && !kept) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}: ''sliding_window'' is {1}, which GGUF files of architecture {2} do not say: beyond"
              + " that many tokens, the model will see more of the text than it was trained to.",
          config.file(),
          Long.toString(window),
          family.architecture());
    }
  }

  /**
   * Reads a folder.
   *
   * @throws ForegateException if its family is not supported, files are missing or damaged, or
   *     contradict each other
   */
  public static Conversion open(Path path, ConvertOptions options) {
    if (!Files.isDirectory(path)) {
      throw new ForegateException(
          path + ": no such folder", "Give the folder of a Hugging Face model.");
    }
    HfFamilies.of(HfConfig.read(path)); // before shards are looked for: it is the likelier failure
    HfFolder folder = HfFolder.open(path);
    try {
      return new Conversion(folder, options);
    } catch (RuntimeException | Error e) {
      folder.close();
      throw e;
    }
  }

  /** The type of most matrices. */
  public OutType type() {
    return type;
  }

  /** Tensors that the file will have. */
  public int tensorCount() {
    return tensors.size() + vectors.size();
  }

  /** {@code general.architecture}. */
  public String architecture() {
    return ((GgufValue.Str) metadata.get("general.architecture")).value();
  }

  /**
   * Writes the file. If a run with the same folder and options was killed, goes on where it was.
   *
   * @param listener told of bytes; where it throws, writing ends
   * @param keeps asked when writing has failed or been stopped: whether a later run shall go on
   */
  public void write(Path target, ConvertListener listener, BooleanSupplier keeps) {
    write(target, listener, keeps, ConvertCheckpoint.INTERVAL);
  }

  void write(Path target, ConvertListener listener, BooleanSupplier keeps, long interval) {
    var writing = new TensorWriter(listener);
    try (GgufWriter writer = GgufWriter.to(target)) {
      metadata.forEach(writer::metadata);
      vectors.forEach(
          (name, values) ->
              writer.tensor(name, GgmlType.F32, List.of((long) values.length), segment(values)));
      for (TargetTensor tensor : tensors) {
        writer.tensor(
            tensor.name(), tensor.type(), tensor.shape(), out -> writing.write(tensor, out));
      }
      long total = tensors.stream().mapToLong(t -> bytes(t)).sum();
      var checkpoint =
          new ConvertCheckpoint(
              target,
              folder.files(),
              keeps,
              done -> listener.begin(total, Math.min(total, done)),
              interval);
      writer.writeResumable(checkpoint);
      checkpoint.finish();
    }
  }

  private static long bytes(TargetTensor tensor) {
    return tensor.type().byteSize(tensor.shape().stream().reduce(1L, (a, b) -> a * b));
  }

  private void general(HfFamily family, String name) {
    metadata.put("general.architecture", new GgufValue.Str(family.architecture()));
    metadata.put("general.type", new GgufValue.Str("model"));
    metadata.put("general.name", new GgufValue.Str(name));
    metadata.put("general.file_type", new GgufValue.U32(type.fileType()));
    if (tensors.stream().anyMatch(tensor -> tensor.type().isQuantized())) {
      metadata.put("general.quantization_version", new GgufValue.U32(QUANTIZATION_VERSION));
    }
  }

  private static String name(Path folder) {
    return folder.toAbsolutePath().normalize().getFileName().toString();
  }

  private void keys(String architecture, HfConfig config, HfFamily family, RopeKeys rope) {
    for (List<KeyRule> rules : List.of(HfFamilies.COMMON_KEYS, family.keys())) {
      for (KeyRule rule : rules) {
        rule.value()
            .apply(config)
            .ifPresent(value -> metadata.put(architecture + "." + rule.key(), value));
      }
    }
    rope.keys().forEach((key, value) -> metadata.put(architecture + "." + key, value));
  }

  /** How its makers would have text sampled; llama.cpp takes these for defaults. */
  private void sampling() {
    HfJson.find(folder.path().resolve("generation_config.json"))
        .ifPresent(
            generation -> {
              sampling(generation, "temperature", "temp");
              sampling(generation, "top_p", "top_p");
              sampling(generation, "min_p", "min_p");
              sampling(generation, "repetition_penalty", "penalty_repeat");
              JsonNode topK = generation.path("top_k");
              if (topK.isInt()) {
                metadata.put("general.sampling.top_k", new GgufValue.I32(topK.asInt()));
              }
            });
  }

  private void sampling(JsonNode generation, String field, String key) {
    JsonNode value = generation.path(field);
    if (value.isNumber()) {
      metadata.put("general.sampling." + key, KeyRule.f32(value.asDouble()));
    }
  }

  private static MemorySegment segment(float[] values) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * Float.BYTES]);
    for (int i = 0; i < values.length; i++) {
      bytes.set(FLOAT, (long) i * Float.BYTES, values[i]);
    }
    return bytes;
  }

  /** Unmaps the folder's files. */
  @Override
  public void close() {
    folder.close();
  }
}

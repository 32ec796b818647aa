package io.foregate.convert;

import com.fasterxml.jackson.databind.JsonNode;
import io.foregate.convert.family.HfFamilies;
import io.foregate.convert.family.HfFamily;
import io.foregate.convert.family.KeyRule;
import io.foregate.convert.family.RopeKeys;
import io.foregate.convert.source.HfConfig;
import io.foregate.convert.source.HfFolder;
import io.foregate.convert.source.HfJson;
import io.foregate.convert.source.QuantizedWeights;
import io.foregate.convert.source.UnreadKeys;
import io.foregate.convert.vocabulary.SpecialTokenKeys;
import io.foregate.convert.vocabulary.VocabularyReader;
import io.foregate.error.ForegateException;
import io.foregate.files.MappedFault;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.GgufWriter;
import io.foregate.gguf.ShardLimit;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

  private final HfFolder folder;
  private final OutType type;
  private final ShardLimit shards;
  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<String, float[]> vectors;
  private final List<TargetTensor> tensors;
  private final Set<String> asked;

  private Conversion(HfFolder folder, HfConfig config, ConvertOptions options) {
    this.folder = folder;
    this.shards = options.shards();
    HfFamily family = HfFamilies.of(config);
    family.demands().forEach(demand -> demand.check(config));
    ConversionNotes.window(config, family).ifPresent(notes::add);
    notes.addAll(ConversionNotes.yarn(config));
    this.type = options.type().orElseGet(() -> OutType.of(folder.tensors()));
    this.tensors = TensorPlan.of(family, config, folder, type);
    general(family, options.name().orElseGet(() -> name(folder.path())));
    RopeKeys rope = RopeKeys.of(config, family);
    this.vectors = rope.tensors();
    keys(family.architecture(), config, family, rope);
    metadata.putAll(VocabularyReader.read(folder.path(), config, options.pre()));
    sampling();
    notes.addAll(ConversionNotes.generation(folder.path()));
    for (int id : SpecialTokenKeys.endsWithoutPlace(metadata, folder.path(), config)) {
      notes.add(
          "token %d ends an answer, too, which the file has no key for: it does where readers know its text"
              .formatted(id));
    }
    notes.addAll(TensorPlan.leftOut(config, folder));
    UnreadKeys.note(config).ifPresent(notes::add); // last: by now all has been asked for
    this.asked = Set.copyOf(config.asked());
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
    HfConfig config = HfConfig.read(path);
    HfFamilies.of(config); // before shards are looked for: these are the likelier failures
    QuantizedWeights.refuse(config);
    HfFolder folder = HfFolder.open(path);
    try {
      return new Conversion(folder, config, options);
    } catch (RuntimeException | Error e) {
      folder.close();
      throw e;
    }
  }

  /** What the folder says and the file cannot, a sentence each. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  /** The fields of {@code config.json} that decide what the file will be. */
  Set<String> asked() {
    return asked;
  }

  /** The metadata that the file will have. */
  public GgufMetadata metadata() {
    return GgufMetadata.of(folder.path().toString(), metadata);
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

  /** The files that {@link #write} makes: the target, or shards that are called after it. */
  public List<Path> files(Path target) {
    try (GgufWriter writer = writer(target, ConvertListener.NONE)) {
      return writer.targets();
    }
  }

  /**
   * Writes the file, or its shards. If a run with the same folder and options was killed, goes on
   * where it was.
   *
   * @param listener told of bytes, and of the whole file before it takes its name; where it throws,
   *     writing ends
   * @param keeps asked when writing has failed or been stopped: whether a later run shall go on
   */
  public void write(Path target, ConvertListener listener, BooleanSupplier keeps) {
    write(target, listener, keeps, ConvertCheckpoint.INTERVAL);
  }

  void write(Path target, ConvertListener listener, BooleanSupplier keeps, long interval) {
    try (GgufWriter writer = writer(target, listener)) {
      long total = tensors.stream().mapToLong(t -> bytes(t)).sum();
      var checkpoint =
          new ConvertCheckpoint(target, folder.files(), keeps, listener, total, interval);
      writer.writeResumable(checkpoint);
      checkpoint.finish();
    } catch (RuntimeException | InternalError e) {
      throw MappedFault.rethrow(e, folder.path());
    }
  }

  private GgufWriter writer(Path target, ConvertListener listener) {
    var writing = new TensorWriter(listener);
    GgufWriter writer = GgufWriter.to(target).shards(shards);
    metadata.forEach(writer::metadata);
    vectors.forEach(
        (name, values) ->
            writer.tensor(name, GgmlType.F32, List.of((long) values.length), segment(values)));
    for (TargetTensor tensor : tensors) {
      writer.tensor(
          tensor.name(), tensor.type(), tensor.shape(), out -> writing.write(tensor, out));
    }
    return writer;
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

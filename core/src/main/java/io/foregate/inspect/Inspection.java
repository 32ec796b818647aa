package io.foregate.inspect;

import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.GgufValue;
import io.foregate.gguf.KnownValues;
import io.foregate.gguf.MetadataKey;
import io.foregate.model.AttentionConfig;
import io.foregate.model.SlidingWindow;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.options.KvType;
import io.foregate.placement.ModelSizes;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * What a GGUF file holds, as numbers; also the schema of {@code inspect --json}.
 *
 * @param shards files that the model is in; {@code model} is the first of them
 * @param fileBytes size of the whole file, or of all shards
 * @param supported whether this build runs the model
 * @param obstacle why it does not, or {@code null}
 * @param shape the model's sizes, or {@code null} where the metadata lacks them
 * @param parameters weights of all kinds
 * @param activeParameters weights that take part in one token: all but the experts not chosen
 * @param bitsPerWeight of all tensors together
 * @param parts tensors by what they are for
 * @param kvCache the KV cache at the asked context, or {@code null} without a shape that can be
 *     counted
 * @param scratchBytes the working memory of a sequence of the KV cache's length; 0 without one
 * @param experts the routed experts, or {@code null} in a dense model
 * @param sampling what the file says of it ({@code general.sampling.*}), by the rest of the key
 */
public record Inspection(
    String model,
    int shards,
    int ggufVersion,
    long fileBytes,
    long alignment,
    int metadataEntries,
    int tensors,
    String architecture,
    String name,
    String tokenizer,
    boolean supported,
    String obstacle,
    Shape shape,
    long parameters,
    long activeParameters,
    double bitsPerWeight,
    List<Part> parts,
    KvCacheSize kvCache,
    long scratchBytes,
    ExpertTotals experts,
    Map<String, Object> sampling) {

  /** What keys of recommended sampling begin with. */
  public static final String SAMPLING = "general.sampling.";

  /**
   * The model's sizes. {@code experts} and {@code expertsUsed} are 0 in a dense model; {@code
   * keptSize} elements of a token are what a layer's cache keeps.
   */
  public record Shape(
      int layers,
      int embedding,
      int heads,
      int kvHeads,
      int keySize,
      int valueSize,
      long keptSize,
      int feedForward,
      int experts,
      int expertsUsed,
      int vocabulary,
      int context) {}

  /** Tensors of one purpose; {@code types} counts tensors by type. */
  public record Part(
      TensorPart part, int tensors, long parameters, long bytes, Map<String, Integer> types) {
    /** Bits of a weight, scales and all. */
    public double bitsPerWeight() {
      return 8.0 * bytes / parameters;
    }
  }

  /**
   * The cache of one sequence of {@code context} tokens.
   *
   * @param stateBytes what layers with a recurrent state keep, whatever the number of tokens
   * @param bytes of both
   */
  public record KvCacheSize(
      int context, String type, long bytesPerToken, long stateBytes, long bytes) {}

  /**
   * The routed experts of all layers.
   *
   * @param bytesEach the largest one's: what an expert slot must hold
   */
  public record ExpertTotals(int count, long bytes, long bytesEach) {}

  /**
   * Reads the facts of an open file.
   *
   * @param obstacle why this build cannot run it, or {@code null}
   * @param context tokens of the KV cache; 0 for the model's own
   * @param kvType type of the KV cache's elements
   */
  static Inspection of(GgufFile file, String obstacle, int context, KvType kvType) {
    KnownValues values = KnownValues.of(file.metadata());
    Shape shape = shape(file, values);
    List<Part> parts = parts(file);
    ModelSizes sizes = shape == null ? null : sizes(file, obstacle == null, shape);
    KvCacheSize cache = shape == null ? null : kvCache(shape, sizes, context, kvType);
    long parameters = parts.stream().mapToLong(Part::parameters).sum();
    long bytes = parts.stream().mapToLong(Part::bytes).sum();
    return new Inspection(
        file.path().toString(),
        file.paths().size(),
        file.version(),
        file.fileSize(),
        file.alignment(),
        file.metadata().keys().size(),
        file.tensors().size(),
        values.architecture(),
        values.glimpseText(MetadataKey.NAME),
        values.glimpseText(MetadataKey.TOKENIZER),
        obstacle == null,
        obstacle,
        shape,
        parameters,
        parameters - idleParameters(parts, shape),
        parameters == 0 ? 0 : 8.0 * bytes / parameters,
        parts,
        cache,
        cache == null ? 0 : sizes.scratch(cache.context()),
        experts(file, shape),
        sampling(file));
  }

  private static Map<String, Object> sampling(GgufFile file) {
    Map<String, Object> said = new LinkedHashMap<>();
    for (String key : file.metadata().keys()) {
      if (key.startsWith(SAMPLING)) {
        said.put(key.substring(SAMPLING.length()), plain(file.metadata().get(key).orElseThrow()));
      }
    }
    return said;
  }

  /** A number as JSON has it, all else as text. */
  private static Object plain(GgufValue value) {
    return switch (value) {
      case GgufValue.F32(float v) -> v;
      case GgufValue.F64(double v) -> v;
      case GgufValue.Str(String text) -> text;
      case GgufValue.Bool(boolean v) -> v;
      case GgufValue.U64(long v) -> v;
      case GgufValue.I64(long v) -> v;
      case GgufValue.U32(long v) -> v;
      case GgufValue.I32(int v) -> v;
      case GgufValue.U16(int v) -> v;
      case GgufValue.I16(short v) -> v;
      case GgufValue.U8(int v) -> v;
      case GgufValue.I8(byte v) -> v;
      case GgufArray array -> "%d values".formatted(array.size());
    };
  }

  /** Of any architecture, and as far as the metadata go. */
  private static Shape shape(GgufFile file, KnownValues values) {
    OptionalInt layers = values.glimpse(MetadataKey.LAYERS);
    OptionalInt embedding = values.glimpse(MetadataKey.EMBEDDING);
    OptionalInt heads = values.glimpse(MetadataKey.HEADS);
    if (layers.isEmpty() || embedding.isEmpty() || heads.isEmpty()) {
      return null;
    }
    int headSize = embedding.getAsInt() / heads.getAsInt();
    int keySize = size(values, MetadataKey.KEY_LENGTH_MLA, MetadataKey.KEY_LENGTH, headSize);
    int valueSize = size(values, MetadataKey.VALUE_LENGTH_MLA, MetadataKey.VALUE_LENGTH, keySize);
    int kvHeads = values.glimpse(MetadataKey.KV_HEADS).orElse(heads.getAsInt());
    OptionalInt latent = values.glimpse(MetadataKey.LATENT_RANK);
    int rotated = values.glimpse(MetadataKey.ROPE_DIMENSIONS).orElse(0);
    return new Shape(
        layers.getAsInt(),
        embedding.getAsInt(),
        heads.getAsInt(),
        latent.isPresent() ? 1 : kvHeads,
        keySize,
        valueSize,
        latent.isPresent()
            ? (long) latent.getAsInt() + rotated
            : kvHeads * ((long) keySize + valueSize),
        size(values, MetadataKey.EXPERT_WIDTH, MetadataKey.FEED_FORWARD, 0),
        values.glimpse(MetadataKey.EXPERTS).orElse(0),
        values.glimpse(MetadataKey.EXPERTS_USED).orElse(0),
        vocabulary(file),
        values.glimpse(MetadataKey.CONTEXT).orElse(0));
  }

  /** What the first key says, or else the second. */
  private static int size(KnownValues values, MetadataKey first, MetadataKey second, int fallback) {
    return values.glimpse(first).orElseGet(() -> values.glimpse(second).orElse(fallback));
  }

  private static int vocabulary(GgufFile file) {
    String tokens = MetadataKey.TOKENS.pattern();
    if (file.metadata().get(tokens).orElse(null) instanceof GgufArray array) {
      return array.size();
    }
    long rows = file.find("token_embd.weight").map(t -> t.dim(1)).orElse(0L);
    return (int) Math.min(rows, Integer.MAX_VALUE);
  }

  private static List<Part> parts(GgufFile file) {
    Map<TensorPart, List<GgufTensor>> grouped = new EnumMap<>(TensorPart.class);
    for (GgufTensor tensor : file.tensors()) {
      grouped.computeIfAbsent(TensorPart.of(tensor.name()), _ -> new ArrayList<>()).add(tensor);
    }
    List<Part> parts = new ArrayList<>();
    grouped.forEach((part, tensors) -> parts.add(part(part, tensors)));
    return parts;
  }

  private static Part part(TensorPart part, List<GgufTensor> tensors) {
    Map<String, Integer> types = new TreeMap<>();
    tensors.forEach(tensor -> types.merge(tensor.type().name(), 1, Integer::sum));
    return new Part(
        part,
        tensors.size(),
        tensors.stream().mapToLong(GgufTensor::elements).sum(),
        tensors.stream().mapToLong(GgufTensor::byteSize).sum(),
        types);
  }

  private static long idleParameters(List<Part> parts, Shape shape) {
    if (shape == null || shape.experts() <= 0) {
      return 0;
    }
    long routed =
        parts.stream()
            .filter(part -> part.part() == TensorPart.EXPERTS)
            .mapToLong(Part::parameters)
            .sum();
    return routed / shape.experts() * (shape.experts() - shape.expertsUsed());
  }

  private static KvCacheSize kvCache(Shape shape, ModelSizes sizes, int context, KvType type) {
    int tokens = context > 0 ? context : shape.context();
    try {
      long perLayer = Math.multiplyExact(shape.keptSize(), (long) type.bytes());
      long perToken = Math.multiplyExact(perLayer, (long) sizes.layers());
      long bytes = Math.multiplyExact(perToken, (long) tokens);
      return new KvCacheSize(
          tokens, type.name(), perToken, sizes.state(), Math.addExact(bytes, sizes.state()));
    } catch (ArithmeticException e) {
      return null; // absurd sizes, which "runs here" tells of
    }
  }

  /**
   * What decides how much working memory the model takes: as the engine has it, or else, of a model
   * that does not run here, as far as the shape tells.
   */
  private static ModelSizes sizes(GgufFile file, boolean supported, Shape shape) {
    if (supported) {
      return ModelSizes.of(ModelConfigReader.read(file), 0);
    }
    var attention =
        new AttentionConfig(
            shape.heads(),
            shape.kvHeads(),
            shape.keySize(),
            shape.valueSize(),
            1,
            SlidingWindow.NONE);
    long hidden = (long) Math.max(1, shape.expertsUsed()) * shape.feedForward();
    return new ModelSizes(
        0,
        shape.layers(),
        shape.keptSize(),
        0,
        ModelSizes.activations(shape.embedding(), attention, hidden, shape.expertsUsed()),
        shape.keySize(),
        shape.vocabulary());
  }

  private static ExpertTotals experts(GgufFile file, Shape shape) {
    if (shape == null || shape.experts() <= 0) {
      return null;
    }
    Map<String, Long> bytesPerLayer = new TreeMap<>();
    for (GgufTensor tensor : file.tensors()) {
      if (TensorPart.of(tensor.name()) == TensorPart.EXPERTS) {
        int end = tensor.name().indexOf('.', "blk.".length());
        String layer = end < 0 ? tensor.name() : tensor.name().substring(0, end);
        bytesPerLayer.merge(layer, tensor.byteSize(), Long::sum);
      }
    }
    long largest = bytesPerLayer.values().stream().mapToLong(Long::longValue).max().orElse(0);
    return new ExpertTotals(
        (int) Math.min(Integer.MAX_VALUE, (long) bytesPerLayer.size() * shape.experts()),
        bytesPerLayer.values().stream().mapToLong(Long::longValue).sum(),
        largest / shape.experts());
  }

  /** Bytes of all tensors that are not routed experts. */
  public long residentBytes() {
    return parts.stream()
        .filter(part -> part.part() != TensorPart.EXPERTS)
        .mapToLong(Part::bytes)
        .sum();
  }
}

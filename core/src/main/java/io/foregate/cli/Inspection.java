package io.foregate.cli;

import io.foregate.backend.KvType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.GgufTensor;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * What a GGUF file holds, as numbers; also the schema of {@code inspect --json}.
 *
 * @param fileBytes size of the whole file
 * @param supported whether this build runs the model
 * @param obstacle why it does not, or {@code null}
 * @param shape the model's sizes, or {@code null} where the metadata lacks them
 * @param parameters weights of all kinds
 * @param activeParameters weights that take part in one token: all but the experts not chosen
 * @param bitsPerWeight of all tensors together
 * @param parts tensors by what they are for
 * @param kvCache the KV cache at the asked context, or {@code null} without a shape
 * @param experts the routed experts, or {@code null} in a dense model
 */
record Inspection(
    String model,
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
    KvCache kvCache,
    Experts experts) {

  /**
   * The model's sizes. {@code experts} and {@code expertsUsed} are 0 in a dense model; {@code
   * keptSize} elements of a token are what a layer's cache keeps.
   */
  record Shape(
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
  record Part(
      TensorPart part, int tensors, long parameters, long bytes, Map<String, Integer> types) {
    double bitsPerWeight() {
      return 8.0 * bytes / parameters;
    }
  }

  /** The cache of one sequence of {@code context} tokens. */
  record KvCache(int context, String type, long bytesPerToken, long bytes) {}

  /**
   * The routed experts of all layers.
   *
   * @param bytesEach the largest one's: what an expert slot must hold
   */
  record Experts(int count, long bytes, long bytesEach) {}

  /**
   * Reads the facts of an open file.
   *
   * @param obstacle why this build cannot run it, or {@code null}
   * @param context tokens of the KV cache; 0 for the model's own
   * @param kvType type of the KV cache's elements
   */
  static Inspection of(GgufFile file, String obstacle, int context, KvType kvType) {
    GgufMetadata metadata = file.metadata();
    String architecture = metadata.string("general.architecture", "");
    Shape shape = shape(file, architecture);
    List<Part> parts = parts(file);
    Experts experts = experts(file, shape);
    long parameters = parts.stream().mapToLong(Part::parameters).sum();
    long bytes = parts.stream().mapToLong(Part::bytes).sum();
    return new Inspection(
        file.path().toString(),
        file.version(),
        file.fileSize(),
        file.alignment(),
        metadata.keys().size(),
        file.tensors().size(),
        architecture,
        metadata.string("general.name", ""),
        metadata.string("tokenizer.ggml.model", ""),
        obstacle == null,
        obstacle,
        shape,
        parameters,
        parameters - idleParameters(parts, shape),
        parameters == 0 ? 0 : 8.0 * bytes / parameters,
        parts,
        shape == null ? null : kvCache(shape, context, kvType),
        experts);
  }

  private static Shape shape(GgufFile file, String architecture) {
    GgufMetadata metadata = file.metadata();
    String prefix = architecture + ".";
    OptionalInt layers = metadata.findInteger(prefix + "block_count");
    OptionalInt embedding = metadata.findInteger(prefix + "embedding_length");
    OptionalInt heads = metadata.findInteger(prefix + "attention.head_count");
    if (layers.isEmpty() || embedding.isEmpty() || heads.orElse(0) <= 0) {
      return null;
    }
    int headSize = embedding.getAsInt() / heads.getAsInt();
    String attention = prefix + "attention.";
    int keySize = size(metadata, attention + "key_length", headSize);
    int valueSize = size(metadata, attention + "value_length", keySize);
    int kvHeads = metadata.integer(attention + "head_count_kv", heads.getAsInt());
    OptionalInt latent = metadata.findInteger(attention + "kv_lora_rank");
    int rotated = metadata.integer(prefix + "rope.dimension_count", 0);
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
        metadata.integer(
            prefix + "expert_feed_forward_length",
            metadata.integer(prefix + "feed_forward_length", 0)),
        metadata.integer(prefix + "expert_count", 0),
        metadata.integer(prefix + "expert_used_count", 0),
        metadata
            .findStrings("tokenizer.ggml.tokens")
            .map(List::size)
            .orElseGet(() -> metadata.integer(prefix + "vocab_size", 0)),
        metadata.integer(prefix + "context_length", 0));
  }

  /** Of a head; where heads are made of a latent, the metadata may give both's. */
  private static int size(GgufMetadata metadata, String key, int fallback) {
    return metadata.integer(key + "_mla", metadata.integer(key, fallback));
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

  private static KvCache kvCache(Shape shape, int context, KvType type) {
    int tokens = context > 0 ? context : shape.context();
    try {
      long perLayer = Math.multiplyExact(shape.keptSize(), (long) type.bytes());
      long perToken = Math.multiplyExact(perLayer, (long) shape.layers());
      return new KvCache(
          tokens, type.name(), perToken, Math.multiplyExact(perToken, (long) tokens));
    } catch (ArithmeticException e) {
      throw new CommandException(
          "the metadata gives a KV cache of more bytes than can be counted: " + shape,
          "The file is damaged, or --ctx is absurd.",
          e);
    }
  }

  private static Experts experts(GgufFile file, Shape shape) {
    if (shape == null || shape.experts() <= 0) {
      return null;
    }
    Map<String, Long> bytesPerLayer = new TreeMap<>();
    for (GgufTensor tensor : file.tensors()) {
      if (TensorPart.of(tensor.name()) == TensorPart.EXPERTS) {
        String layer = tensor.name().substring(0, tensor.name().indexOf('.', "blk.".length()));
        bytesPerLayer.merge(layer, tensor.byteSize(), Long::sum);
      }
    }
    long largest = bytesPerLayer.values().stream().mapToLong(Long::longValue).max().orElse(0);
    return new Experts(
        bytesPerLayer.size() * shape.experts(),
        bytesPerLayer.values().stream().mapToLong(Long::longValue).sum(),
        largest / shape.experts());
  }

  /** Bytes of all tensors that are not routed experts. */
  long residentBytes() {
    return parts.stream()
        .filter(part -> part.part() != TensorPart.EXPERTS)
        .mapToLong(Part::bytes)
        .sum();
  }
}

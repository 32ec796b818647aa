package io.foregate.model;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.GgufTensor;
import io.foregate.quant.Quants;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the weights that a {@link ModelConfig} calls for, checking every tensor's presence, type
 * and shape.
 *
 * <p>A tensor that is in the file but means nothing here is an error too: leaving a bias or a norm
 * out would give fluent nonsense without one.
 */
public final class ModelReader {
  private final GgufFile file;
  private final ModelConfig config;
  private final Set<String> used = new HashSet<>();

  private ModelReader(GgufFile file, ModelConfig config) {
    this.file = file;
    this.config = config;
  }

  /**
   * The weights of a model, as views of its file.
   *
   * @throws ForegateException when a tensor is missing, unknown, or of a wrong type or shape
   */
  public static ModelWeights read(GgufFile file, ModelConfig config) {
    return new ModelReader(file, config).read();
  }

  private ModelWeights read() {
    Matrix embedding = matrix("token_embd.weight", config.vocabulary(), config.embedding());
    Matrix output =
        file.find("output.weight").isPresent()
            ? matrix("output.weight", config.vocabulary(), config.embedding())
            : embedding;
    List<LayerWeights> layers = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      layers.add(layer("blk." + layer + "."));
    }
    float[] outputNorm = vector("output_norm.weight", config.embedding());
    used.add(ModelConfigReader.ROPE_FACTORS);
    rejectUnknown();
    return new ModelWeights(embedding, layers, outputNorm, output);
  }

  private LayerWeights layer(String prefix) {
    int width = config.embedding();
    return new LayerWeights(
        vector(prefix + "attn_norm.weight", width),
        matrix(prefix + "attn_q.weight", config.querySize(), width),
        matrix(prefix + "attn_k.weight", config.kvSize(), width),
        matrix(prefix + "attn_v.weight", config.kvSize(), width),
        matrix(prefix + "attn_output.weight", width, config.querySize()),
        vector(prefix + "ffn_norm.weight", width),
        config.isMoe() ? routed(prefix) : dense(prefix));
  }

  private FeedForward dense(String prefix) {
    int width = config.embedding();
    int hidden = config.feedForward();
    return new FeedForward.Dense(
        matrix(prefix + "ffn_gate.weight", hidden, width),
        matrix(prefix + "ffn_up.weight", hidden, width),
        matrix(prefix + "ffn_down.weight", width, hidden));
  }

  private FeedForward routed(String prefix) {
    int width = config.embedding();
    int hidden = config.feedForward();
    return new FeedForward.Routed(
        matrix(prefix + "ffn_gate_inp.weight", config.experts(), width),
        new ExpertTensors(
            stack(prefix + "ffn_gate_exps.weight", hidden, width),
            stack(prefix + "ffn_up_exps.weight", hidden, width),
            stack(prefix + "ffn_down_exps.weight", width, hidden)));
  }

  private Matrix matrix(String name, int rows, int columns) {
    GgufTensor tensor = tensor(name, columns, rows);
    return new Matrix(tensor.type(), rows, columns, file.data(tensor));
  }

  private List<Matrix> stack(String name, int rows, int columns) {
    GgufTensor tensor = tensor(name, columns, rows, config.experts());
    MemorySegment data = file.data(tensor);
    long bytes = tensor.type().byteSize((long) rows * columns);
    List<Matrix> experts = new ArrayList<>();
    for (int e = 0; e < config.experts(); e++) {
      experts.add(new Matrix(tensor.type(), rows, columns, data.asSlice(e * bytes, bytes)));
    }
    return experts;
  }

  private float[] vector(String name, int size) {
    GgufTensor tensor = tensor(name, size);
    return floats(file, tensor);
  }

  private GgufTensor tensor(String name, long... shape) {
    GgufTensor tensor = file.tensor(name);
    used.add(name);
    List<Long> expected = new ArrayList<>();
    for (long dimension : shape) {
      expected.add(dimension);
    }
    if (!tensor.shape().equals(expected)) {
      throw new ForegateException(
          "%s: tensor '%s' has shape %s, expected %s from the metadata."
              .formatted(file.path(), name, tensor.shape(), expected),
          "The file contradicts itself: convert the model again, or get another copy.");
    }
    if (!Quants.supports(tensor.type())) {
      throw new ForegateException(
          "%s: tensor '%s' has type %s, which is not supported."
              .formatted(file.path(), name, tensor.type()),
          "Supported types: %s.".formatted(String.join(", ", supportedTypes())));
    }
    return tensor;
  }

  static float[] floats(GgufFile file, GgufTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    Quants.decode(tensor.type(), file.data(tensor), 0, values, 0, values.length);
    return values;
  }

  private void rejectUnknown() {
    Optional<GgufTensor> unknown =
        file.tensors().stream().filter(t -> !used.contains(t.name())).findFirst();
    if (unknown.isPresent()) {
      GgufMetadata metadata = file.metadata();
      throw new ForegateException(
          "%s: tensor '%s' has no meaning in architecture '%s' as Foregate knows it."
              .formatted(
                  file.path(), unknown.get().name(), metadata.string("general.architecture")),
          "Leaving it out would give wrong text. This variant of the architecture is not supported.");
    }
  }

  private static List<String> supportedTypes() {
    List<String> names = new ArrayList<>();
    for (GgmlType type : GgmlType.values()) {
      if (Quants.supports(type)) {
        names.add(type.name());
      }
    }
    return names;
  }
}

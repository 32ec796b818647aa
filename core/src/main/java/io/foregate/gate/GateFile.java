package io.foregate.gate;

import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.format.Quants;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The sidecar in which a model's aligned gates are kept, {@code MODEL.gates.safetensors}. Names of
 * tensors begin with {@code token.} for the gate of a token itself and {@code layer.L.} for that of
 * a layer:
 *
 * <pre>
 * first     F16 [outputs + hidden, inputs]       bias  F32 [outputs + hidden]
 * history   F16 [layers * experts, outputs]      output F16 [outputs, hidden]
 * sharpness F32 [horizon]                        (outputs = horizon * experts,
 *                                     inputs: GateShape.inputs)
 * </pre>
 *
 * <p>Metadata: {@code format}, {@code version}, {@code model} (its {@link ModelHash}), the sizes,
 * and whatever the training wants to tell.
 */
public final class GateFile {
  private static final String FORMAT = "foregate lookahead gates";
  private static final String VERSION = "2";

  /** A fact of the training: {@link ModelConfig#name}. */
  public static final String MODEL_NAME = "model_name";

  private static final String SUFFIX = ".gates.safetensors";

  private GateFile() {}

  /** Where a model's sidecar is by default: beside it. */
  public static Path of(Path model) {
    return model.resolveSibling(GgufFile.stem(model) + SUFFIX);
  }

  /**
   * A model's trained gates; empty if none are named and none lie beside it.
   *
   * @param named the file; empty for the one beside the model
   * @throws ForegateException if they cannot be read, or are another model's
   */
  public static Optional<LookaheadGates> find(
      Optional<Path> named, GgufFile model, ModelConfig config) {
    Path beside = of(model.path());
    if (named.isEmpty() && !Files.exists(beside)) {
      return Optional.empty();
    }
    return Optional.of(read(named.orElse(beside), ModelHash.of(model), config));
  }

  /**
   * Writes a sidecar, replacing one that is there.
   *
   * @param facts of the training, for people
   */
  public static void write(
      Path path, LookaheadGates gates, ModelHash model, Map<String, String> facts) {
    GateShape shape = gates.shape();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", FORMAT);
    metadata.put("version", VERSION);
    metadata.put("model", model.hex());
    metadata.put("layers", Integer.toString(shape.layers()));
    metadata.put("experts", Integer.toString(shape.experts()));
    metadata.put("used", Integer.toString(shape.used()));
    metadata.put("embedding", Integer.toString(shape.embedding()));
    metadata.put("horizon", Integer.toString(shape.horizon()));
    metadata.put("hidden", Integer.toString(shape.hidden()));
    metadata.putAll(facts);
    List<Safetensors.Tensor> tensors = new ArrayList<>();
    for (int p = 0; p < shape.points(); p++) {
      addTensors(tensors, prefix(p), shape, gates.point(p));
    }
    Safetensors.write(path, FileKind.GATES, metadata, tensors);
  }

  private static void addTensors(
      List<Safetensors.Tensor> tensors, String prefix, GateShape shape, GateWeights w) {
    tensors.add(f16(prefix + "first", w.first()));
    tensors.add(Safetensors.Tensor.of(prefix + "bias", w.bias(), shape.rows()));
    tensors.add(
        f16(prefix + "history", GateWeights.f16(w.history(), shape.history(), shape.outputs())));
    if (w.output() != null) {
      tensors.add(f16(prefix + "output", w.output()));
    }
    tensors.add(Safetensors.Tensor.of(prefix + "sharpness", w.sharpness(), shape.horizon()));
  }

  private static Safetensors.Tensor f16(String name, Matrix matrix) {
    return new Safetensors.Tensor(
        name, Safetensors.Type.F16, new long[] {matrix.rows(), matrix.columns()}, matrix.data());
  }

  private static String prefix(int point) {
    return point == 0 ? "token." : "layer." + (point - 1) + ".";
  }

  /**
   * Reads a model's sidecar.
   *
   * @throws ForegateException if it is damaged, or belongs to another model
   */
  public static LookaheadGates read(Path path, ModelHash model, ModelConfig config) {
    Safetensors file = Safetensors.read(path, FileKind.GATES);
    if (!file.metadata("format").equals(FORMAT)) {
      throw new ForegateException(
          "%s: holds '%s', expected '%s'".formatted(path, file.metadata("format"), FORMAT),
          "Gates are made by 'foregate align'.");
    }
    if (!file.metadata("version").equals(VERSION)) {
      throw new ForegateException(
          "%s: is of format version '%s', expected %s"
              .formatted(path, file.metadata("version"), VERSION),
          "Make it again with this version's 'foregate align'.");
    }
    if (!file.metadata("model").equals(model.hex())) {
      throw new ForegateException(
          "%s: was made for %s"
              .formatted(path, ModelHash.other(file.metadata(MODEL_NAME), config.name())),
          "Make gates for this model with 'foregate align'.");
    }
    GateShape shape = shape(path, file, config);
    List<GateWeights> points = new ArrayList<>();
    for (int p = 0; p < shape.points(); p++) {
      points.add(point(file, p, shape));
    }
    return new LookaheadGates(shape, points, true);
  }

  private static GateShape shape(Path path, Safetensors file, ModelConfig config) {
    int horizon = number(path, file, "horizon", 1, config.routedLayers() - 1);
    int hidden = number(path, file, "hidden", 0, 1 << 16);
    GateShape shape = GateShape.of(config, horizon, hidden);
    number(path, file, "layers", shape.layers(), shape.layers());
    number(path, file, "experts", shape.experts(), shape.experts());
    number(path, file, "used", shape.used(), shape.used());
    number(path, file, "embedding", shape.embedding(), shape.embedding());
    return shape;
  }

  private static int number(Path path, Safetensors file, String key, int least, int most) {
    String text = file.metadata(key);
    int value = text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
    if (value < least || value > most) {
      throw new ForegateException(
          "%s: metadata '%s' is '%s', expected %d to %d".formatted(path, key, text, least, most),
          "The file is damaged: make it again with 'foregate align'.");
    }
    return value;
  }

  private static GateWeights point(Safetensors file, int point, GateShape shape) {
    String prefix = prefix(point);
    MemorySegment history =
        file.tensor(prefix + "history", Safetensors.Type.F16, shape.history(), shape.outputs());
    return new GateWeights(
        matrix(file, prefix + "first", shape.rows(), shape.inputs(point)),
        file.floats(prefix + "bias", shape.rows()),
        floats(history),
        shape.hidden() == 0
            ? null
            : matrix(file, prefix + "output", shape.outputs(), shape.hidden()),
        file.floats(prefix + "sharpness", shape.horizon()));
  }

  private static Matrix matrix(Safetensors file, String name, int rows, int columns) {
    MemorySegment data = file.tensor(name, Safetensors.Type.F16, rows, columns);
    return new Matrix(GgmlType.F16, rows, columns, data);
  }

  private static float[] floats(MemorySegment f16) {
    var values = new float[Math.toIntExact(f16.byteSize() / 2)];
    Quants.decode(GgmlType.F16, f16, 0, values, 0, values.length);
    return values;
  }
}

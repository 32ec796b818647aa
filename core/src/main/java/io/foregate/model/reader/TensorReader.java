package io.foregate.model.reader;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.model.Family;
import io.foregate.model.weights.Linear;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.Norm;
import io.foregate.quant.format.Quants;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A file's tensors by name, each of the shape that the metadata calls for. */
final class TensorReader {
  private final GgufFile file;
  private final Set<String> used = new HashSet<>();

  TensorReader(GgufFile file) {
    this.file = file;
  }

  boolean has(String name) {
    return file.find(name).isPresent();
  }

  Matrix matrix(String name, int rows, int columns) {
    GgufTensor tensor = tensor(name, columns, rows);
    return new Matrix(tensor.type(), rows, columns, file.data(tensor));
  }

  /**
   * {@code NAME.weight}, and {@code NAME.bias} where the file has one.
   *
   * @param biased whether it must have one
   */
  Linear linear(String name, int rows, int columns, boolean biased) {
    return new Linear(matrix(name + ".weight", rows, columns), bias(name + ".bias", rows, biased));
  }

  /** {@code NAME.weight}, and {@code NAME.bias} where the file has one. */
  Norm norm(String name, int size, boolean biased) {
    return new Norm(vector(name + ".weight", size), bias(name + ".bias", size, biased));
  }

  private float[] bias(String name, int size, boolean required) {
    return required ? vector(name, size) : optional(name, size);
  }

  /** One matrix per expert, out of one tensor. */
  List<Matrix> stack(String name, int rows, int columns, int experts) {
    return stack(name, rows, 0, rows, columns, experts);
  }

  /**
   * One matrix per expert, out of one tensor of matrices that are higher.
   *
   * @param allRows rows of each matrix in the tensor
   * @param from the first of them
   */
  List<Matrix> stack(String name, int allRows, int from, int rows, int columns, int experts) {
    GgufTensor tensor = tensor(name, columns, allRows, experts);
    MemorySegment data = file.data(tensor);
    long rowBytes = tensor.type().byteSize(columns);
    List<Matrix> matrices = new ArrayList<>();
    for (long e = 0; e < experts; e++) {
      MemorySegment bytes = data.asSlice((e * allRows + from) * rowBytes, rows * rowBytes);
      matrices.add(new Matrix(tensor.type(), rows, columns, bytes));
    }
    return matrices;
  }

  float[] vector(String name, int size) {
    return floats(file, tensor(name, size));
  }

  /** A vector, or an empty one where the file has none. */
  float[] optional(String name, int size) {
    return has(name) ? vector(name, size) : new float[0];
  }

  /** As {@link #vector}, of a tensor with a vector per expert. */
  float[] vectors(String name, int size, int experts) {
    return floats(file, tensor(name, size, experts));
  }

  /** Fails if a tensor has another type than it should. */
  void requireType(String name, GgmlType type) {
    GgmlType found = file.tensor(name).type();
    if (found != type) {
      throw new ForegateException(
          "%s: tensor '%s' has type %s, the first expert's has %s."
              .formatted(file.path(file.tensor(name)), name, found, type),
          "Experts of a layer must be of one type: convert the model again.");
    }
  }

  /** Knows of a tensor that someone else reads. */
  void use(String name) {
    used.add(name);
  }

  private GgufTensor tensor(String name, long... shape) {
    GgufTensor tensor = file.tensor(name);
    used.add(name);
    if (!isOf(tensor, shape)) {
      throw new ForegateException(
          "%s: tensor '%s' has shape %s, expected %s from the metadata."
              .formatted(file.path(tensor), name, tensor.shape(), Arrays.toString(shape)),
          "The file contradicts itself: convert the model again, or get another copy.");
    }
    if (!Quants.supports(tensor.type())) {
      throw new ForegateException(
          "%s: tensor '%s' has type %s, which is not supported."
              .formatted(file.path(tensor), name, tensor.type()),
          "Supported types: %s.".formatted(String.join(", ", supportedTypes())));
    }
    return tensor;
  }

  /** As ggml sees shapes: dimensions of 1 at the end may be left out, or written down. */
  private static boolean isOf(GgufTensor tensor, long... shape) {
    for (int i = 0; i < Math.max(shape.length, tensor.rank()); i++) {
      if (tensor.dim(i) != (i < shape.length ? shape[i] : 1)) {
        return false;
      }
    }
    return true;
  }

  static float[] floats(GgufFile file, GgufTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    Quants.decode(tensor.type(), file.data(tensor), 0, values, 0, values.length);
    return values;
  }

  /**
   * Fails if the file has a tensor that nothing has asked for.
   *
   * @param family what the model is called
   */
  void rejectUnknown(Family family) {
    Optional<GgufTensor> unknown =
        file.tensors().stream().filter(t -> !used.contains(t.name())).findFirst();
    if (unknown.isPresent()) {
      throw new ForegateException(
          "%s: tensor '%s' has no meaning in architecture '%s' as Foregate knows it."
              .formatted(file.path(unknown.get()), unknown.get().name(), family.architecture()),
          "Leaving it out would give wrong text. This variant of the architecture is not"
              + " supported.");
    }
  }

  private static List<String> supportedTypes() {
    return Arrays.stream(GgmlType.values()).filter(Quants::supports).map(Enum::name).toList();
  }
}

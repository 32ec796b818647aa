package io.foregate.quantize;

import io.foregate.inspect.TensorPart;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@link Quantization} did; also the schema of the command line's JSON.
 *
 * @param model the file that was written; of shards, the first
 * @param shards how many files were written
 * @param typesBefore numbers of changed tensors by type
 * @param bitsPerWeight of the whole file's tensors
 * @param tensors the changed ones
 */
public record QuantizeReport(
    String model,
    int shards,
    String source,
    String method,
    String imatrix,
    Map<String, Integer> typesBefore,
    Map<String, Integer> typesAfter,
    int changed,
    int kept,
    long bytesBefore,
    long bytesAfter,
    double bitsPerWeight,
    double seconds,
    Map<String, Part> parts,
    List<Tensor> tensors) {

  /**
   * @param wanted the type that was asked for; another one where its blocks do not divide the rows
   * @param relativeError root of the squared errors' sum over that of the squared weights
   * @param greatestError largest difference of a weight
   */
  public record Tensor(
      String name,
      String part,
      String before,
      String wanted,
      String after,
      long weights,
      long bytes,
      double bitsPerWeight,
      double relativeError,
      double greatestError) {}

  /** All changed tensors of a part of the model together. */
  public record Part(
      Map<String, Integer> types,
      long weights,
      long bytes,
      double bitsPerWeight,
      double relativeError) {

    private static Part of(List<Tensor> tensors) {
      Map<String, Integer> types = new TreeMap<>();
      long weights = 0;
      long bytes = 0;
      double squares = 0;
      for (Tensor tensor : tensors) {
        types.merge(tensor.after(), 1, Integer::sum);
        weights += tensor.weights();
        bytes += tensor.bytes();
        // Tensors of a part are of about equal size: the mean of their relative squares.
        squares += tensor.relativeError() * tensor.relativeError() * tensor.weights();
      }
      return new Part(types, weights, bytes, 8.0 * bytes / weights, Math.sqrt(squares / weights));
    }
  }

  static Map<String, Part> parts(List<Tensor> tensors) {
    Map<String, Part> parts = new LinkedHashMap<>();
    for (TensorPart part : TensorPart.values()) {
      List<Tensor> own = tensors.stream().filter(t -> t.part().equals(part.label())).toList();
      if (!own.isEmpty()) {
        parts.put(part.label(), Part.of(own));
      }
    }
    return parts;
  }

  static Map<String, Integer> count(List<String> types) {
    Map<String, Integer> counts = new TreeMap<>();
    types.forEach(type -> counts.merge(type, 1, Integer::sum));
    return counts;
  }
}

package io.foregate.backend;

import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.model.weights.Matrix;
import io.foregate.quant.vector.ActivationRows;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Sums up the squares of what each matrix of a file meets. A matrix is known by where it lies in
 * the mapped file, so experts have to be used from there: with all of them resident. Used by the
 * session's thread.
 */
public final class ImportanceCollector implements ProductListener {
  /** Tensors by the addresses of their first bytes. */
  private final TreeMap<Long, GgufTensor> tensors = new TreeMap<>();

  private final Map<String, Sums> sums = new HashMap<>();

  /** Of one tensor: squares {@code [matrices][columns]}, and rows met by each matrix. */
  private record Sums(float[] squares, float[] counts) {}

  /**
   * @param file that the engine has mapped
   */
  public ImportanceCollector(GgufFile file) {
    file.tensors().forEach(tensor -> tensors.put(file.data(tensor).address(), tensor));
  }

  @Override
  public void product(Matrix weights, ActivationRows inputs, int from, int to) {
    Map.Entry<Long, GgufTensor> at = tensors.floorEntry(weights.data().address());
    if (at == null) {
      return;
    }
    long offset = weights.data().address() - at.getKey();
    GgufTensor tensor = at.getValue();
    if (offset >= tensor.byteSize() || tensor.dim(0) != weights.columns()) {
      return; // a copy, elsewhere in memory
    }
    int matrices = tensor.rank() > 2 ? Math.toIntExact(tensor.dim(2)) : 1;
    Sums own =
        sums.computeIfAbsent(
            tensor.name(),
            name -> new Sums(new float[matrices * weights.columns()], new float[matrices]));
    int matrix = (int) (offset / (tensor.byteSize() / matrices));
    for (int row = from; row < to; row++) {
      inputs.addSquares(row, own.squares(), matrix * weights.columns());
    }
    own.counts()[matrix] += to - from;
  }

  /** What has been met so far. */
  public ImportanceMatrix matrix() {
    Map<String, ImportanceMatrix.Entry> entries = new HashMap<>();
    sums.forEach(
        (name, own) ->
            entries.put(
                name, new ImportanceMatrix.Entry(own.squares().clone(), own.counts().clone())));
    return ImportanceMatrix.of(entries);
  }
}

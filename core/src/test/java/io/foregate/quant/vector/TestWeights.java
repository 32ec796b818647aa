package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import io.foregate.oracle.RandomBlocks;
import io.foregate.quant.encode.ReferenceQuantizer;
import io.foregate.quant.format.Quants;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Weights of any type for tests of kernels. */
final class TestWeights {
  private TestWeights() {}

  /** The values in that type; as many random ones about as large where it cannot be written. */
  static MemorySegment of(GgmlType type, float[] values) {
    if (!Quants.writes(type)) {
      var random = new Random(values.length);
      return MemorySegment.ofArray(new RandomBlocks(random).weights(type, values.length, 1));
    }
    MemorySegment weights = MemorySegment.ofArray(new byte[(int) type.byteSize(values.length)]);
    ReferenceQuantizer.quantize(type, values, 0, weights, 0, values.length);
    return weights;
  }
}

package io.foregate.quant.vector;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.S2I;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.UnpackedBlock;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Dot products of one row of any quantized type in native memory: blocks are unpacked one after the
 * other, as their format says, and only then multiplied. Grids are, and whatever has no product of
 * its own.
 */
final class UnpackedDots {
  private UnpackedDots() {}

  static float dot(
      GgmlType type, long row, ActivationRows x, int xo, int cols, UnpackedBlock block) {
    FloatVector sum = Pairs.zeroFloats();
    float subtracted = 0;
    int step = type.blockSize();
    boolean minima = BlockFormat.of(type).minima().isPresent();
    for (int i = 0; i < cols; i += step) {
      read(type, row + type.byteSize(i), block);
      int size = block.subSize;
      for (int sub = 0; sub * size < step; sub++) {
        int from = xo + i + sub * size;
        IntVector products = Pairs.zero();
        for (int j = 0; j < size; j += 8) {
          ShortVector codes = ShortVector.fromArray(ShortVector.SPECIES_128, x.codes, from + j);
          products =
              products.add(
                  IntVector.fromArray(Pairs.I, block.q, sub * size + j)
                      .mul((IntVector) codes.convertShape(S2I, Pairs.I, 0)));
        }
        float d = block.scale[sub] * x.scales[from >> 5];
        sum =
            ((FloatVector) products.convertShape(I2F, Pairs.F, 0))
                .fma(FloatVector.broadcast(Pairs.F, d), sum);
        if (minima) {
          subtracted += block.min[sub] * (size == 16 ? x.sums16[from >> 4] : x.sums32[from >> 5]);
        }
      }
    }
    return Pairs.sum(sum) - subtracted;
  }

  private static void read(GgmlType type, long at, UnpackedBlock block) {
    if (GridBlocks.TYPES.contains(type)) {
      GridBlocks.read(type, Native.MEMORY, Native.at(at), block);
    } else {
      block.read(type, Native.MEMORY, Native.at(at));
    }
  }

  /** Decodes blocks. */
  static void decode(GgmlType type, long row, float[] out, int to, int n, UnpackedBlock block) {
    for (int i = 0; i < n; i += type.blockSize()) {
      read(type, row + type.byteSize(i), block);
      block.decode(out, to + i, type.blockSize());
    }
  }
}

package io.foregate.tornado.weights;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Planes;
import io.foregate.quant.format.BitPlane;
import io.foregate.quant.format.BlockFactor;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.PackedIntegers;
import io.foregate.quant.format.Scaling;
import java.util.List;

/**
 * What a block of a type becomes in {@link Planes}, by its format; the same rules for all types:
 *
 * <ul>
 *   <li>Codes of 8, 4 or 2 bits are in the low plane; of others it has the low 4 or 2 bits, and the
 *       high plane the rest.
 *   <li>A sub-block's scale and minimum that take a byte together stay one. Else there are the low
 *       4 bits of all scales and then all minima, and then their upper bits.
 *   <li>Factors are as in the block. They go to what the last word of scales leaves free, if they
 *       fit there, else to a plane of their own.
 * </ul>
 *
 * @param scales places of the raw scales and then minima of a block, among its scale words
 * @param scaleBytes that they take
 */
record PlaneShape(
    BlockFormat format, int lowBits, int highBits, List<BitPlane> scales, int scaleBytes) {
  /** Bits of a scale or minimum that are not among the upper ones. */
  private static final int NIBBLE = 4;

  /**
   * @throws IllegalArgumentException for a type whose elements have no codes of their own
   */
  static PlaneShape of(GgmlType type) {
    BlockFormat format = BlockFormat.of(type);
    PackedIntegers codes =
        format
            .elementCodes()
            .orElseThrow(() -> new IllegalArgumentException("no codes to lay out in " + type));
    int low = Integer.highestOneBit(codes.bits());
    int scaleBits = format.scales().codes().bits();
    int minimumBits = format.minima().map(minima -> minima.codes().bits()).orElse(0);
    int subs = format.subBlocks();
    return new PlaneShape(
        format,
        low,
        codes.bits() - low,
        scales(subs, scaleBits, minimumBits),
        subs * (scaleBits + minimumBits) / Byte.SIZE);
  }

  private static List<BitPlane> scales(int subs, int scaleBits, int minimumBits) {
    if (scaleBits + minimumBits == 0) {
      return List.of();
    }
    if (scaleBits + minimumBits == Byte.SIZE) {
      BitPlane scales = BitPlane.strided(scaleBits, 0, Byte.SIZE, subs);
      return minimumBits == 0
          ? List.of(scales)
          : List.of(scales, BitPlane.strided(minimumBits, scaleBits, Byte.SIZE, subs).from(subs));
    }
    int count = minimumBits > 0 ? 2 * subs : subs;
    BitPlane low = BitPlane.dense(NIBBLE, 0, count);
    return scaleBits == NIBBLE
        ? List.of(low)
        : List.of(
            low,
            BitPlane.dense(scaleBits - NIBBLE, count * NIBBLE / Byte.SIZE, count).above(NIBBLE));
  }

  /** Units of a block. */
  int blockUnits() {
    return format.type().blockSize() / Planes.UNIT;
  }

  /** Words of a block in the plane of scales. */
  int scaleWords() {
    return Math.ceilDiv(scaleBytes, Integer.BYTES);
  }

  /** Whether factors are among the words of scales. */
  boolean factorsAmongScales() {
    return scaleBytes + blockFactorBytes() <= scaleWords() * Integer.BYTES;
  }

  /** Bytes of a block in the plane of factors. */
  int factorBytes() {
    return factorsAmongScales() ? 0 : blockFactorBytes();
  }

  /** Bytes of a block's factors. */
  int blockFactorBytes() {
    BlockFactor minima = format.minima().map(Scaling::factor).orElse(null);
    return format.scales().factor().bytes() + (minima == null ? 0 : minima.bytes());
  }

  /** Where in a block its factors begin; that of the minima follows. */
  int blockFactorOffset() {
    return format.scales().factor().offset();
  }
}

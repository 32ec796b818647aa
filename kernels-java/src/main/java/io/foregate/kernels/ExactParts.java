package io.foregate.kernels;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The items that a row's product with {@link ExactActivations} consists of, each the product of two
 * floats, which are added up by fused multiply-adds. Item i adds to chain {@code i} modulo the
 * number of chains. Items are:
 *
 * <ul>
 *   <li>of blocks of 256, halves of units: the sum of 16 products of codes, times their scale, less
 *       the minimum; and the activations' factor;
 *   <li>of blocks of 32, units: the sum of 32 products of codes; and both factors;
 *   <li>of floats, elements: weight and activation.
 * </ul>
 *
 * <p>Weights' factors are finite.
 */
final class ExactParts {
  /** The most chains. */
  static final int MAX_CHAINS = 16;

  private ExactParts() {}

  /** Items of a row. */
  static int items(int type, int columns) {
    int kind = ExactActivations.kind(type);
    if (kind == ExactActivations.FLOATS) {
      return columns;
    }
    return kind == ExactActivations.BLOCKS_OF_32 ? columns / 32 : columns / 16;
  }

  /**
   * Chains of a row.
   *
   * @param lanes 8 or 16: those of the CPU's registers
   */
  static int chains(int type, int lanes) {
    return ExactActivations.kind(type) == ExactActivations.BLOCKS_OF_32 ? 1 : lanes;
  }

  /**
   * Where a chain's sum goes, so that sums are added up in the order of places: those that are half
   * of all apart, until there are four; of blocks the second of these is exchanged with the third.
   */
  static int place(int type, int chain) {
    if (ExactActivations.kind(type) == ExactActivations.BLOCKS_OF_256) {
      int unit = chain >> 1;
      int exchanged = ((unit & 1) << 1) | ((unit >> 1) & 1);
      return (unit >> 2) * 8 + (chain & 1) * 4 + exchanged;
    }
    return chain;
  }

  /** The unit of an item, counted in its row. */
  static int unit(int type, int item) {
    int kind = ExactActivations.kind(type);
    if (kind == ExactActivations.FLOATS) {
      return item >> 5;
    }
    return kind == ExactActivations.BLOCKS_OF_32 ? item : item >> 1;
  }

  /**
   * What an item's products of codes are multiplied with.
   *
   * @param w memory that holds the matrix
   * @param base the matrix's first word
   * @param units of the matrix
   * @param u the item's unit in the matrix
   */
  static float scale(int type, IntArray w, int base, int units, int u, int item) {
    if (type == Planes.MXFP4) {
      int word = w.get(base + Planes.factorOffset(type, units) + (u >> 2));
      int exponent = (word >> (8 * (u & 3))) & 255;
      return exponent < 2 ? (exponent + 1) * 0x1p-128f : ExactMath.power(exponent - 128);
    }
    return Codes.scale(type, w, base, units, u, item & 1);
  }

  /**
   * An item's first factor.
   *
   * @param u the item's unit in the matrix
   * @param v where in {@code codes} and {@code factors} its unit's are
   * @param scale the item's
   */
  static float left(
      int type,
      IntArray w,
      int base,
      int units,
      int u,
      IntArray codes,
      FloatArray factors,
      int v,
      int item,
      float scale) {
    int kind = ExactActivations.kind(type);
    if (kind == ExactActivations.FLOATS) {
      int word = w.get(base + u * 16 + ((item & 31) >> 1));
      return F16Bits.decode(word >> ((item & 1) * 16));
    }
    int half = kind == ExactActivations.BLOCKS_OF_256 ? item & 1 : 0;
    int count = kind == ExactActivations.BLOCKS_OF_256 ? 16 : 32;
    int low = base + u * Planes.lowWords(type);
    int high = base + Planes.highOffset(type, units) + u * Planes.highWords(type);
    int sum = 0;
    for (int i = 16 * half; i < 16 * half + count; i++) {
      int four = codes.get(v * ExactActivations.CODE_WORDS + (i >> 2));
      int code = (((four >> (8 * (i & 3))) & 255) ^ 128) - 128;
      sum += Codes.whole(type, w, low, high, i) * code;
    }
    float part = sum;
    if (kind == ExactActivations.BLOCKS_OF_256) {
      if (Planes.factors(type) == 2) {
        float negative = factors.get(v * ExactActivations.FACTORS + 1 + half);
        float min = Codes.min(type, w, base, units, u, half);
        part = ExactMath.fma(min, negative, ExactMath.product(part, scale));
      } else {
        part = part * scale;
      }
    }
    return part;
  }

  /** An item's second factor. The parameters are those of {@link #left}. */
  static float right(int type, FloatArray factors, int v, int item, float scale) {
    int kind = ExactActivations.kind(type);
    if (kind == ExactActivations.FLOATS) {
      return factors.get(v * Planes.UNIT + (item & 31));
    }
    float factor = factors.get(v * ExactActivations.FACTORS);
    return kind == ExactActivations.BLOCKS_OF_32 ? factor * scale : factor;
  }
}

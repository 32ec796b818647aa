package io.foregate.quant;

import io.foregate.gguf.GgmlType;

/**
 * What a quantized type can say: an element is {@code d * scale * value(code) - min * minimum},
 * with a {@code scale} and a {@code minimum} for each sub-block.
 *
 * @param sub elements of a sub-block
 * @param low the least value of a code, of linear types; codes are stored from 0
 * @param high the greatest one
 * @param values what codes stand for, of types with a codebook; null for linear ones
 * @param scaleLow least code of a sub-block's scale
 * @param scaleHigh greatest one; 0 where a block has no sub-blocks
 * @param minHigh greatest code of a minimum; 0 where there is none
 */
record BlockGrid(
    GgmlType type,
    int sub,
    int low,
    int high,
    byte[] values,
    int scaleLow,
    int scaleHigh,
    boolean minima,
    int minHigh) {

  /**
   * @throws IllegalArgumentException for a type that needs no search or cannot be written
   */
  static BlockGrid of(GgmlType type) {
    return switch (type) {
      case Q4_0 -> linear(type, 32, -8, 7, 0, 0);
      case Q5_0 -> linear(type, 32, -16, 15, 0, 0);
      case Q3_K -> linear(type, 16, -4, 3, -32, 31);
      case Q6_K -> linear(type, 16, -32, 31, -128, 127);
      case Q4_1 -> affine(type, 32, 15, 0, 0);
      case Q5_1 -> affine(type, 32, 31, 0, 0);
      case Q2_K -> affine(type, 16, 3, 15, 15);
      case Q4_K -> affine(type, 32, 15, 63, 63);
      case Q5_K -> affine(type, 32, 31, 63, 63);
      case IQ4_NL -> codebook(type, Codebooks.IQ4, 0, 0);
      case IQ4_XS -> codebook(type, Codebooks.IQ4, -32, 31);
      case MXFP4 -> codebook(type, Codebooks.MXFP4, 0, 0);
      default -> throw Quants.unsupported(type);
    };
  }

  private static BlockGrid linear(
      GgmlType type, int sub, int low, int high, int scaleLow, int scaleHigh) {
    return new BlockGrid(type, sub, low, high, null, scaleLow, scaleHigh, false, 0);
  }

  private static BlockGrid affine(GgmlType type, int sub, int high, int scaleHigh, int minHigh) {
    return new BlockGrid(type, sub, 0, high, null, 0, scaleHigh, true, minHigh);
  }

  private static BlockGrid codebook(GgmlType type, byte[] values, int scaleLow, int scaleHigh) {
    return new BlockGrid(type, 32, 0, 15, values, scaleLow, scaleHigh, false, 0);
  }

  /** Whether sub-blocks have integer scales. */
  boolean twoLevels() {
    return scaleHigh > 0;
  }

  int subBlocks() {
    return type.blockSize() / sub;
  }

  /** The code whose value is the nearest. */
  int code(float v) {
    if (values == null) {
      return Math.clamp(ScaleSearch.nearest(v), low, high) - low;
    }
    return type == GgmlType.MXFP4
        ? CodebookQuantizer.nearestMxfp4(v, 1)
        : CodebookQuantizer.nearestIq4(v);
  }

  int value(int code) {
    return values == null ? code + low : values[code];
  }

  /** The values at both ends: an extreme element of either sign may lie on either. */
  int least() {
    return values == null ? low : type == GgmlType.MXFP4 ? -12 : values[0];
  }

  int greatest() {
    return values == null ? high : type == GgmlType.MXFP4 ? 12 : values[values.length - 1];
  }
}

package io.foregate.quant.encode;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.Codebook;
import io.foregate.quant.format.ElementCodes;
import io.foregate.quant.format.PackedIntegers;
import io.foregate.quant.format.Quants;
import io.foregate.quant.format.Rounding;
import io.foregate.quant.format.Scaling;

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
    Codebook values,
    int scaleLow,
    int scaleHigh,
    boolean minima,
    int minHigh) {

  /**
   * @throws IllegalArgumentException for a type that needs no search or cannot be written
   */
  static BlockGrid of(GgmlType type) {
    BlockFormat format = BlockFormat.of(type);
    PackedIntegers codes =
        format
            .elementCodes()
            .filter(found -> found.flip() == 0)
            .orElseThrow(() -> Quants.unsupported(type));
    PackedIntegers scales = format.scales().codes();
    return new BlockGrid(
        type,
        format.sub(),
        codes.least(),
        codes.greatest(),
        format.codes() instanceof ElementCodes.Table table ? table.book() : null,
        scales.isConstant() ? 0 : scales.least(),
        scales.isConstant() ? 0 : scales.greatest(),
        format.minima().isPresent(),
        format
            .minima()
            .map(Scaling::codes)
            .filter(minima -> !minima.isConstant())
            .map(PackedIntegers::greatest)
            .orElse(0));
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
      return Math.clamp(Rounding.nearest(v), low, high) - low;
    }
    return values.isAscending()
        ? CodebookQuantizer.nearestAscending(values, v)
        : CodebookQuantizer.nearest(values, v, 1);
  }

  int value(int code) {
    return values == null ? code + low : values.value(code);
  }

  /** The values at both ends: an extreme element of either sign may lie on either. */
  int least() {
    return values == null ? low : values.least();
  }

  int greatest() {
    return values == null ? high : values.greatest();
  }
}

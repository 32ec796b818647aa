package io.foregate.quant.format;

import io.foregate.gguf.GgmlType;
import java.util.Optional;

/**
 * What is in the blocks of a quantized type, as data: decoding, packing and every layout of the
 * same bits follow from it.
 *
 * <p>Element {@code i} of a block has the value {@code scale[s] * code[i] - min[s]}, where {@code s
 * = i / sub} is its sub-block.
 *
 * @param type its name, size and bytes
 * @param codes of the elements
 * @param sub elements of a sub-block
 * @param scales of the sub-blocks
 * @param minima of the sub-blocks; empty where nothing is subtracted
 */
public record BlockFormat(
    GgmlType type, ElementCodes codes, int sub, Scaling scales, Optional<Scaling> minima, Use use) {
  /** What a type is for. */
  public enum Use {
    /** Weights that quantizers can write. */
    WRITTEN,

    /** Weights that are read only. */
    READ,

    /** What weights meet, never weights. */
    ACTIVATIONS
  }

  /** A type without minima that quantizers can write. */
  static BlockFormat of(GgmlType type, ElementCodes codes, int sub, Scaling scales) {
    return new BlockFormat(type, codes, sub, scales, Optional.empty(), Use.WRITTEN);
  }

  /**
   * The format of a type.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static BlockFormat of(GgmlType type) {
    BlockFormat format = FormatTable.BY_TYPE[type.ordinal()];
    if (format == null) {
      throw Quants.unsupported(type);
    }
    return format;
  }

  /** Whether a type has a format. Asked for in hot loops, where an Optional would be allocated. */
  static boolean exists(GgmlType type) {
    return FormatTable.BY_TYPE[type.ordinal()] != null;
  }

  BlockFormat minus(Scaling scaling) {
    return new BlockFormat(type, codes, sub, scales, Optional.of(scaling), use);
  }

  BlockFormat use(Use other) {
    return new BlockFormat(type, codes, sub, scales, minima, other);
  }

  /**
   * The type that activations are rounded to before they meet these weights, ggml's {@code
   * vec_dot_type}: one with sums of 32 elements where minima ask for them.
   */
  GgmlType dotType() {
    if (type.blockSize() == UnpackedBlock.MAX_BLOCK) {
      return GgmlType.Q8_K;
    }
    return minima.isPresent() ? GgmlType.Q8_1 : GgmlType.Q8_0;
  }

  /** Sub-blocks of a block. */
  public int subBlocks() {
    return type.blockSize() / sub;
  }

  /** The elements' codes, where each element has one of its own. */
  public Optional<PackedIntegers> elementCodes() {
    return switch (codes) {
      case ElementCodes.Linear linear -> Optional.of(linear.codes());
      case ElementCodes.Table table -> Optional.of(table.codes());
      default -> Optional.empty();
    };
  }
}

package io.foregate.quant.assembled.activation;

import io.foregate.gguf.GgmlType;

/**
 * How a row of activations lies in native memory, by ggml's {@code vec_dot_type}. Codes are signed
 * bytes; what belongs to a block of them follows it, so that one pointer finds all of it.
 */
public enum ActivationLayout {
  /** {@code float[cols]}: F32, and F16 and BF16, whose values are rounded to them. */
  FLOATS(1, 4),
  /** Q8_0 and Q8_1: 32 codes, then the offsets below. */
  BLOCKS_OF_32(32, 48),
  /**
   * Q8_K: 256 codes, then the offsets below. Codes are not in the row's order, but that of lanes of
   * 32 bits: four times as many bytes as there are sub-blocks of 16 have the first four codes of
   * each of them, the next bytes the next four codes, and so on; {@link #lane} says which sub-block
   * is where.
   */
  BLOCKS_OF_256(256, 384);

  /** In a block of 32, the scale: a float. */
  public static final int SCALE_32 = 32;

  /** In a block of 32, Q8_1's sum of values as ggml rounds it: a float. */
  public static final int SUM_32 = 36;

  /** In a block of 32, minus eight times the sum of its codes: an int. */
  public static final int MINUS_8_SUMS_32 = 40;

  /** In a block of 256, sums of 16 codes each: 16 floats, by {@link #lane}. */
  public static final int SUMS_16 = 256;

  /** In a block of 256, the scale: a float. */
  public static final int SCALE_256 = 320;

  private final int elements;
  private final int bytes;

  ActivationLayout(int elements, int bytes) {
    this.elements = elements;
    this.bytes = bytes;
  }

  /** The layout for a {@code vec_dot_type}. */
  public static ActivationLayout of(GgmlType dotType) {
    return switch (dotType) {
      case F32, F16, BF16 -> FLOATS;
      case Q8_0, Q8_1 -> BLOCKS_OF_32;
      case Q8_K -> BLOCKS_OF_256;
      default -> throw new IllegalArgumentException("no activations are " + dotType);
    };
  }

  /** Where in a block the code of an element is. */
  public int place(int element) {
    return this == BLOCKS_OF_256
        ? element % 16 / 4 * 64 + lane(element / 16) * 4 + element % 4
        : element;
  }

  /**
   * Which lane of a block of 256 has the sub-block of 16 of that number. Of each eight, those with
   * even numbers come first: then 32 bytes with the bits of 32 elements, as most formats have them,
   * are turned into lanes within halves of a register.
   */
  public static int lane(int subBlock) {
    return subBlock / 8 * 8 + subBlock % 2 * 4 + subBlock % 8 / 2;
  }

  /** The sub-block that a lane has. */
  public static int subBlock(int lane) {
    return lane / 8 * 8 + lane % 4 * 2 + lane % 8 / 4;
  }

  /** Elements of a block. */
  public int elements() {
    return elements;
  }

  /** Bytes of a block. */
  public int bytes() {
    return bytes;
  }

  /** Bytes from one row to the next: whole lines of the cache. */
  public long rowBytes(int cols) {
    return ((long) cols / elements * bytes + 63) / 64 * 64;
  }
}

package io.foregate.quant.format;

/**
 * What sub-blocks are multiplied with, or what is subtracted from them: {@code factor * code *
 * unit}, where each sub-block has a code.
 *
 * @param codes of the sub-blocks; constant where the factor is all there is
 * @param unit a power of two
 */
public record Scaling(BlockFactor factor, PackedIntegers codes, float unit) {
  /** The factor alone. */
  static Scaling of(BlockFactor factor) {
    return of(factor, PackedIntegers.constant(1));
  }

  /** The factor times each sub-block's integer. */
  static Scaling of(BlockFactor factor, PackedIntegers codes) {
    return new Scaling(factor, codes, 1);
  }

  /** As many as there are sub-blocks, in ggml's order of operations. */
  void read(byte[] block, float[] out, int subs, int[] scratch) {
    float d = factor.read(block);
    codes.read(block, scratch, 0, subs);
    for (int i = 0; i < subs; i++) {
      out[i] = d * codes.value(scratch[i]) * unit;
    }
  }

  /**
   * Writes factor and codes into a block in which their bits are zero.
   *
   * @param value what the factor is, or with a constant code, what its product with that is
   * @param wanted meant by the codes
   */
  void write(float value, int[] wanted, int subs, int[] scratch, byte[] block) {
    // A constant is 1 or -1, and so its own inverse.
    factor.write(codes.isConstant() ? value * codes.least() : value, block);
    if (!codes.isConstant()) {
      for (int i = 0; i < subs; i++) {
        scratch[i] = codes.raw(wanted[i]);
      }
      codes.write(scratch, 0, block);
    }
  }
}
